"""What people are told of a request for approval: one message redrawn, its thread, reminders, alarm."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.approvals import Approval, ApprovalState, Decision, Verdict, reminder_due
from bot.core.reply import Attachment, Showing
from bot.errors import NotFoundError
from bot.ledger import approvals as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.services.approval_views import ApprovalEvent, ApprovalMessage, GlassBroken, GroupUntold
from bot.services.notifying import Notifier
from bot.settings import Configuration

TOPIC = "approval"
REMINDER = "approval-reminder"  # subject: ID/USER, in a direct message
GLASS = "approval-glass"  # subject: ID/CHANNEL
GLASS_GROUP = "approval-glass-group"  # subject: ID/GROUP; its members are asked for when it is delivered
MEMBERS, UNREAD = "members", "unread"  # its stages

# What is approved, in full, as a file for the request's thread; None where nothing more is to be read.
Papers = Callable[[Approval], Attachment | None]


@dataclass(frozen=True)
class ApprovalTelling:
    """Writes the outbox rows of requests, and loads what they show at the moment of delivery.

    `papers`: topic -> what is approved in full, where the request's message has no room for it.
    """

    pool: LedgerPool
    notifier: Notifier
    configuration: Configuration
    papers: Mapping[str, Papers] = field(default_factory=dict)

    def opened(self, connection: LedgerConnection, approval: Approval) -> None:
        """Post the request."""
        self._tell(connection, approval, (TOPIC, approval.id), "opened")

    def changed(self, connection: LedgerConnection, approval: Approval, what: str) -> None:
        """Redraw the request and say in its thread what happened; at the end redraw the reminders too."""
        self._tell(connection, approval, (TOPIC, approval.id), f"change:{approval.version}")
        self._tell(connection, approval, (TOPIC, approval.id), f"history:{approval.version}:{what}")
        if approval.state is not ApprovalState.PENDING and approval.reminders:
            for user in self._people(approval):
                about = (REMINDER, f"{approval.id}/{user}")
                self._tell(connection, approval, about, f"change:{approval.version}", user)

    def remind(self, connection: LedgerConnection, approval: Approval, now: datetime) -> None:
        """Remind those who may decide, where it is time: in the thread, and each one by a direct message.

        Being reminded is not being allowed: the click itself looks roles up.
        """
        every = timedelta(seconds=self.configuration.approvals.remind_every)
        number = reminder_due(approval, now, every)
        if number is None or not ledger.mark_reminded(connection, approval, number):
            return
        self._tell(connection, approval, (TOPIC, approval.id), f"history:{number}:reminder")
        for user in self._people(approval):
            about = (REMINDER, f"{approval.id}/{user}")
            self._tell(connection, approval, about, f"reminder:{number}", user)

    def glass_broken(self, connection: LedgerConnection, approval: Approval) -> None:
        """Tell everybody: both channels of the house, the request's own, and those who would have decided."""
        slack = self.configuration.slack
        places = (approval.channel, slack.operations_channel, slack.alerts_channel, *self._people(approval))
        for place in dict.fromkeys(filter(None, places)):
            self._tell(connection, approval, (GLASS, f"{approval.id}/{place}"), "opened", place)
        for group in self._groups(approval):
            self._tell(connection, approval, (GLASS_GROUP, f"{approval.id}/{group}"), MEMBERS)

    def group_read(self, subject: str, people: Collection[str]) -> None:
        """Tell everybody of a group; `people`: its members' Slack ids. Who went ahead knows it."""
        with borrowed(self.pool) as connection:
            approval = ledger.get(connection, subject.partition("/")[0])
            for user in sorted(set(people) - {said.user for said in _broke(approval)}):
                self._tell(connection, approval, (GLASS, f"{approval.id}/{user}"), "opened", user)

    def group_unread(self, subject: str) -> None:
        """Say in the channel that the people of a group could not be told one by one."""
        with borrowed(self.pool) as connection:
            approval = ledger.get(connection, subject.partition("/")[0])
            self._tell(connection, approval, (GLASS_GROUP, subject), UNREAD)

    def unread(self, subject: str) -> Showing:
        """What that message shows."""
        approval_id, _, group = subject.partition("/")
        with borrowed(self.pool) as connection:
            approval = ledger.get(connection, approval_id)
        return Showing(GroupUntold(approval, group, next(said.user for said in _broke(approval))))

    def message(self, approval: Approval) -> ApprovalMessage:
        """The request as of now."""
        can_break = self.configuration.approvals.break_glass
        in_full = approval.topic in self.papers
        return ApprovalMessage(approval, datetime.now(UTC), self.reviewers(approval), can_break, in_full)

    def reviewers(self, approval: Approval) -> tuple[str, ...]:
        """Slack ids of the people and groups who may decide, without those who may not decide this one."""
        roles = self.configuration.roles
        ids = dict.fromkeys(id_ for role in sorted(approval.roles) for id_ in roles.get(role, ()))
        return tuple(id_ for id_ in ids if f"slack:{id_}" not in approval.barred)

    def showing(self, subject: str, stage: str) -> Showing | None:
        """What a row of one of the topics here shows now; None where there is nothing to show any more."""
        approval_id, _, _ = subject.partition("/")
        try:
            with borrowed(self.pool) as connection:
                approval = ledger.get(connection, approval_id)
        except NotFoundError:
            return None
        if stage.startswith("history:"):
            return Showing(self._event(approval, stage), "thread")
        first = stage in ("opened", "reminder:1") or stage.startswith("change:")
        papers = self.papers.get(approval.topic) if stage in ("opened", "reminder:1") else None
        attach = papers(approval) if papers else None
        return Showing(self.message(approval), "message" if first else "thread", attach)

    def glass(self, subject: str, stage: str) -> Showing | None:
        """What a row of the topic GLASS shows."""
        del stage
        with borrowed(self.pool) as connection:
            approval = ledger.get(connection, subject.partition("/")[0])
        return next(
            (Showing(GlassBroken(approval, one.user, one.comment, one.at)) for one in _broke(approval)), None
        )

    def _event(self, approval: Approval, stage: str) -> ApprovalEvent:
        _, number, what = stage.split(":", 2)
        if what == "reminder":
            reviewers = self.reviewers(approval)
            return ApprovalEvent(approval, what, datetime.now(UTC), reviewers=reviewers)
        said = next((d for d in approval.decisions if d.version == int(number)), None)
        if said is not None:
            return ApprovalEvent(approval, what, said.at, said.user, said.comment)
        at = approval.ended_at or datetime.now(UTC)
        return ApprovalEvent(approval, what, at, approval.ended_by, approval.ended_why)

    def _people(self, approval: Approval) -> tuple[str, ...]:
        """Who can be written to directly; a group is spoken to in the thread."""
        return tuple(id_ for id_ in self.reviewers(approval) if not id_.startswith("S"))

    def _groups(self, approval: Approval) -> tuple[str, ...]:
        return tuple(id_ for id_ in self.reviewers(approval) if id_.startswith("S"))

    def _tell(
        self,
        connection: LedgerConnection,
        approval: Approval,
        about: tuple[str, str],
        stage: str,
        channel: str | None = None,
    ) -> None:
        where = channel or approval.channel
        self.notifier.tell(connection, about, stage, team=approval.team, channel=where)


def _broke(approval: Approval) -> tuple[Decision, ...]:
    """Who went ahead alone: at most one."""
    return tuple(said for said in approval.decisions if said.verdict is Verdict.BREAK_GLASS)
