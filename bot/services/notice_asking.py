"""What approvers are shown of a notice: exactly what will be sent, to how many, when, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.notices import Notice, NoticeRevision
from bot.core.people import Actor, Role
from bot.core.units import plural
from bot.services.approvals import APPROVERS, Ask
from bot.services.notice_book import TOPIC, approval_subject
from bot.services.notice_counting import refuse_uncounted
from bot.settings import Configuration

# Whoever is on call is an operator or an approver; still never the one who wrote it.
ON_CALL = frozenset({Role.APPROVER, Role.OPERATOR})
_EMERGENCY = "emergency"


def ask_for(
    configuration: Configuration,
    notice: Notice,
    revision: NoticeRevision,
    covered: Sequence[NoticeRevision],
    *,
    requested: Actor,
    authors: frozenset[str],
) -> Ask:
    """The request for a text and all that it covers.

    Raises:
        UserError: nobody knows yet whom it reaches, or it reaches nobody.
    """
    on_call = notice.kind == _EMERGENCY and configuration.notices.emergency_approval == "on-call"
    needed = 1 if on_call else max(configuration.approvals.needed, revision.needed)
    people = plural(refuse_uncounted(revision), "recipient")
    return Ask(
        topic=TOPIC,
        subject=approval_subject(revision),
        content_hash=revision.bundle_hash,
        title=f"Tell customers: {revision.text.subject}",
        what=tuple(_lines(revision, covered, people)),
        why=f"{revision.title} for {notice.product}, notice {notice.id}",
        consequence=f"{people} will read it {_after_confirming(revision.send_at)}. What was sent cannot be "
        "taken back.",
        requested=requested,
        authors=authors,
        roles=ON_CALL if on_call else APPROVERS,
        needed=needed,
        channel=notice.channel,
    )


def _lines(revision: NoticeRevision, covered: Sequence[NoticeRevision], people: str) -> list[str]:
    return [
        f"To {people}: {', '.join(revision.audiences)}",
        f"When: {_when(revision.send_at)}",
        f"Subject: {revision.text.subject}",
        *revision.text.text.strip().split("\n"),
        *(f"Then, {_when(each.send_at)}: {each.text.subject}" for each in covered),
        *(["Every word of what follows is in the file in the thread."] if covered else []),
    ]


def _after_confirming(at: datetime | None) -> str:
    return "as soon as somebody has confirmed the number" if at is None else f"at {_when(at)}, if confirmed"


def _when(at: datetime | None) -> str:
    return "at once" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
