"""Who asks, and what a role may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A person may hold several. None of them means: nothing is allowed."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be asked for; the value is how a sentence goes on after "you may not"."""

    SEE = "see backups"
    BACK_UP = "take a backup"
    CHECK = "check a backup"
    CANCEL = "stop a backup"
    RESTORE_TEST = "test whether a backup can be restored"


ALLOWED: dict[Action, frozenset[Role]] = {
    Action.SEE: frozenset(Role),
    Action.BACK_UP: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.CHECK: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.CANCEL: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.RESTORE_TEST: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
}


class Source(StrEnum):
    """Which way a request came in."""

    SLACK = "slack"
    COMMAND_LINE = "command-line"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Actor:
    """One person (or schedule), whichever way they come in. Ids, never names, decide."""

    team: str
    user: str
    source: Source
    roles: frozenset[Role] = field(default_factory=frozenset)
    display: str = ""  # for the command line; Slack shows <@user> itself

    def may(self, action: Action) -> bool:
        """Whether any role held allows the action."""
        return bool(self.roles & ALLOWED[action])

    @property
    def label(self) -> str:
        """How logs, manifests and the command line name the actor."""
        return f"{self.source}:{self.team}/{self.user}"
