"""Who and what is in the sandbox workspace: people, user groups and channels."""

from __future__ import annotations

from dataclasses import dataclass

TEAM, TEAM_DOMAIN, TEAM_NAME = "T0SANDBOX", "sandbox", "Sandbox"
BOT_USER, BOT_ID, APP = "U0BOT", "B0BOT", "A0SANDBOX"


@dataclass(frozen=True)
class Person:
    """A member of the workspace. `role` says which the sandbox's own configuration gives."""

    id: str
    name: str
    real_name: str
    role: str
    time_zone: str = "America/New_York"
    is_bot: bool = False


@dataclass(frozen=True)
class Group:
    """A user group and its members' ids."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True)
class Channel:
    """A conversation. `user` is set for a direct message with that person."""

    id: str
    name: str
    members: frozenset[str]
    user: str | None = None


PEOPLE = {
    person.id: person
    for person in (
        Person("U0VERA", "vera", "Vera Viewer", "viewer"),
        Person("U0OMAR", "omar", "Omar Operator", "operator"),
        Person("U0OLGA", "olga", "Olga Operator", "operator", "Europe/Berlin"),
        Person("U0APRIL", "april", "April Approver", "approver"),
        Person("U0ANDRE", "andre", "Andre Approver", "approver", "America/Los_Angeles"),
        Person("U0ADA", "ada", "Ada Administrator", "administrator"),
        Person("U0CARL", "carl", "Carl Customer", "customer, no role", "America/Chicago"),
        Person(BOT_USER, "sparewheel", "Sparewheel", "the bot", "UTC", is_bot=True),
    )
}

GROUPS = {
    group.id: group
    for group in (
        Group("S0VIEWERS", "viewers", "Viewers", ("U0VERA",)),
        Group("S0OPERATORS", "operators", "Operators", ("U0OMAR", "U0OLGA")),
        Group("S0APPROVERS", "approvers", "Approvers", ("U0APRIL", "U0ANDRE")),
    )
}

_EVERYBODY = frozenset(PEOPLE)
CHANNELS = {
    channel.id: channel
    for channel in (
        Channel("C0OPS", "database-operations", _EVERYBODY),
        Channel("C0ALERTS", "database-alerts", _EVERYBODY - {"U0CARL"}),
        Channel("C0CUSTOMERS", "customers", _EVERYBODY),
        # The bot is no member here: it may post (chat:write.public), but not read.
        Channel("C0GENERAL", "general", _EVERYBODY - {BOT_USER}),
        *(
            Channel(f"D{person.id[1:]}", "", frozenset({person.id, BOT_USER}), person.id)
            for person in PEOPLE.values()
            if not person.is_bot
        ),
    )
}


def find_person(name: str) -> Person | None:
    """A person (never the bot) by id or by name, a leading @ allowed."""
    wanted = name.removeprefix("@").lower()
    people = (person for person in PEOPLE.values() if not person.is_bot)
    return next((one for one in people if wanted in (one.id.lower(), one.name)), None)


def find_channel(name: str) -> Channel | None:
    """A channel by id or by name, a leading # allowed."""
    wanted = name.removeprefix("#")
    return next((one for one in CHANNELS.values() if wanted in (one.id, one.name or one.id)), None)
