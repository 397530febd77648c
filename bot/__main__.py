"""`python -m bot` and `sparewheel`: the command line's entry."""

from __future__ import annotations

from bot.cli.main import main

if __name__ == "__main__":
    main()
