"""Every message that the product can send, drawn on one page to be looked at."""
