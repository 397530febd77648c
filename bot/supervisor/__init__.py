"""`sparewheel run`: starts every part, keeps it running, and stops it in order."""
