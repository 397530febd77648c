"""What approvers are shown of a notice: exactly what will be sent, to how many, when, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.notice_times import moment_text
from bot.core.notices import Notice, NoticeRevision
from bot.core.people import Actor, Role
from bot.core.units import plural
from bot.services.approvals import APPROVERS, Ask
from bot.services.notice_audience import audience_zones
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
    zone = audience_zones(configuration, notice.product, revision.audiences)[0]
    return Ask(
        topic=TOPIC,
        subject=approval_subject(revision),
        content_hash=revision.bundle_hash,
        title=f"Tell customers: {revision.text.subject}",
        what=tuple(_lines(revision, covered, people, zone)),
        why=f"{revision.title} for {notice.product}, notice {notice.id}",
        consequence=f"{people} will read it {_after_confirming(revision.send_at, zone)}"
        f"{_by_themselves(covered)}. What was sent cannot be taken back.",
        requested=requested,
        authors=authors,
        roles=ON_CALL if on_call else APPROVERS,
        needed=needed,
        channel=notice.channel,
    )


def _lines(revision: NoticeRevision, covered: Sequence[NoticeRevision], people: str, zone: str) -> list[str]:
    return [
        f"To {people}: {', '.join(revision.audiences)}",
        f"When: {_when(revision.send_at, zone)}",
        f"Subject: {revision.text.subject}",
        *revision.text.text.strip().split("\n"),
        *(f"Then, {_when(each.send_at, zone)}: {each.text.subject}" for each in covered),
        *(["Every word of what follows is in the file in the thread."] if covered else []),
    ]


def _by_themselves(covered: Sequence[NoticeRevision]) -> str:
    match len(covered):
        case 0:
            return ""
        case 1:
            return ", and 1 later message goes out by itself"
        case number:
            return f", and {number} later messages go out by themselves"


def _after_confirming(at: datetime | None, zone: str) -> str:
    if at is None:
        return "as soon as somebody has confirmed the number"
    return f"on {_when(at, zone)}, if confirmed"


def _when(at: datetime | None, zone: str) -> str:
    """As customers read it, and as the draft shows it."""
    return "at once" if at is None else moment_text(at, zone)
