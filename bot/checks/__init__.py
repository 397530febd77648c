"""What a restored database must pass: one file per check."""
