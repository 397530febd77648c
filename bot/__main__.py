"""`python -m bot` and `sparewheel`: the command line's entry."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Ctrl-C before it is even loaded ends it without a traceback."""
    try:
        from bot.cli.main import main as run  # noqa: PLC0415 - loading takes a moment, in which people stop it

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing was queued or begun.\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
