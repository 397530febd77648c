"""The bot's own database: one module and one SQL file per subject."""
