"""How a part of the product ends: only a wrong configuration is hopeless, all else is worth another start."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable

from bot.cli.main import tell
from bot.errors import ConfigurationError, ServiceError, SparewheelError
from bot.ledger.connection import ledger_errors

_LOG = logging.getLogger(__name__)
START_AGAIN = 1  # the supervisor takes every exit code but that of a ConfigurationError so


def restartable(part: Callable[[], None]) -> Callable[[], None]:
    """A role's function that ends its process with START_AGAIN where another start may work.

    A ConfigurationError passes, and main() gives it the exit code that says: no restart will help.
    """

    @functools.wraps(part)
    def run() -> None:
        try:
            with ledger_errors():
                part()
        except ConfigurationError:
            raise
        except SparewheelError as error:
            tell(error)
            sys.exit(START_AGAIN)
        except Exception as error:  # noqa: BLE001 - whatever it was, another start may work
            _LOG.debug("where it came from", exc_info=True)
            # The words of an unforeseen error may hold data or an address: its kind has to do.
            tell(ServiceError(f"Something unforeseen happened ({type(error).__name__})."))
            sys.exit(START_AGAIN)

    return run
