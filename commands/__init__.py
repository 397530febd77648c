"""One thin file per slash command: words in, a service called, a Reply out."""
