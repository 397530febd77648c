"""Who asks, and what a role may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


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
    PAUSE = "pause a schedule or let it go on"
    ACKNOWLEDGE = "take on an alert"
    WRITE_NOTICE = "write a notice to customers"
    APPROVE = "approve"
    BREAK_GLASS = "go ahead without an approval"


ALLOWED: dict[Action, frozenset[Role]] = {
    Action.SEE: frozenset(Role),
    Action.BACK_UP: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.CHECK: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.CANCEL: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.RESTORE_TEST: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.PAUSE: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.ACKNOWLEDGE: frozenset({Role.OPERATOR, Role.APPROVER, Role.ADMINISTRATOR}),
    # Approvers may write too: the approval's gate keeps everybody from approving what is their own.
    Action.WRITE_NOTICE: frozenset({Role.OPERATOR, Role.APPROVER, Role.ADMINISTRATOR}),
    # Administrators are not meant: who may say yes is a list that was written down by name.
    Action.APPROVE: frozenset({Role.APPROVER}),
    Action.BREAK_GLASS: frozenset({Role.ADMINISTRATOR}),
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


class Human(Protocol):
    """One human of the configuration, with every account that is theirs."""

    @property
    def slack_ids(self) -> tuple[str, ...]:
        """Their Slack user ids, at least one."""

    @property
    def command_line(self) -> str | None:
        """Their login on the machine that runs the command line."""


def person_of(actor: Actor, people: Iterable[Human]) -> str:
    """The person behind an account: the same text for each account that the configuration calls theirs."""
    human = _human(actor, people)
    return f"person:{human.slack_ids[0]}" if human else _account(actor.source, actor.user)


def identities_of(actor: Actor, people: Iterable[Human]) -> frozenset[str]:
    """Every name under which this person may have asked for something, now or under an older configuration.

    Two actors whose identities overlap are taken for one person.
    """
    found = {_account(actor.source, actor.user)}
    if human := _human(actor, people):
        found |= {f"person:{human.slack_ids[0]}"} | {_account(Source.SLACK, id_) for id_ in human.slack_ids}
        if human.command_line:
            found.add(_account(Source.COMMAND_LINE, human.command_line))
    return frozenset(found)


def _human(actor: Actor, people: Iterable[Human]) -> Human | None:
    for human in people:
        if actor.source is Source.SLACK and actor.user in human.slack_ids:
            return human
        if actor.source is Source.COMMAND_LINE and actor.user == human.command_line:
            return human
    return None


def _account(source: Source, user: str) -> str:
    # Without the workspace: whoever has one id in two workspaces is rather taken for one person than for two.
    return f"{source}:{user}"
