"""Where a customer's notice goes: one narrow interface, one file per channel."""
