"""Rules only: the standard library, and the time handed in."""
