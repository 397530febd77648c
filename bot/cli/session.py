"""What a command needs before it can work: the environment, the wired house, and who is asking."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from bot import app
from bot.app import House
from bot.core.people import Actor, Role, Source
from bot.ledger import revisions
from bot.ledger.connection import borrowed
from bot.settings import Environment, read_environment
from bot.supervisor import attach

# Whoever can run this holds the databases' passwords already, so a narrower role would only pretend.
# Approving is left out on purpose: it takes a second person, and a terminal shows only one.
_ROLES = frozenset({Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR})


@contextmanager
def open_house(*, any_ledger: bool = False) -> Iterator[House]:
    """The product wired up, on the parts of a running `sparewheel run` where nothing else is set.

    `any_ledger`: do not insist that the ledger is reachable and has this version's tables.

    Raises:
        ConfigurationError: the configuration or the environment is wrong.
        LedgerUnavailableError: the ledger cannot be reached, or is not migrated.
    """
    house = app.build(environment())
    try:
        if not any_ledger:
            with borrowed(house.pool) as connection:
                revisions.check_current(connection)
        yield house
    finally:
        house.close()


def environment() -> Environment:
    """The process's environment, filled from a running supervisor's home where a variable is not set."""
    home = read_environment(os.environ).home
    for name, value in attach.read(home).items():
        if not os.environ.get(name):
            os.environ[name] = value
    return read_environment(os.environ)


def login() -> str:
    """The operating system's name of who runs this; never from a variable that anybody can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's account without a name
        return f"uid{os.getuid()}"


def local_actor() -> Actor:
    """Who types on this terminal, as the ledger and the audit trail know them."""
    name = login()
    return Actor("local", name, Source.COMMAND_LINE, _ROLES, display=name)
