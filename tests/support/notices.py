"""A house that can tell customers: one product, one audience of three in a file, mail to nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import House
from bot.core.ids import new_attempt
from bot.core.notices import NoticeRevision, RevisionState
from bot.core.people import Actor, Role, Source
from bot.ledger import audit, deliveries, dispatches, outbox
from bot.ledger.connection import borrowed
from bot.services.notice_views import NoticeMessage
from bot.services.notice_writing import NoticeInput
from tests.ledger.support import at_once
from tests.support.house import Plan, folder_storage, open_house

OLGA = Actor("T0TEST", "U0OLGA", Source.SLACK, frozenset({Role.OPERATOR}))
APRIL = Actor("T0TEST", "U0APRIL", Source.SLACK, frozenset({Role.APPROVER}))
ANDRE = Actor("T0TEST", "U0ANDRE", Source.SLACK, frozenset({Role.APPROVER}))
VERA = Actor("T0TEST", "U0VERA", Source.SLACK, frozenset({Role.VIEWER}))
ALL = ("reminder", "started", "completed")
HOUR = timedelta(hours=1)
PEOPLE = ("ann@example.com", "ben@example.com", "eve@example.com")


def settings(folder: Path, port: int = 9, extra: str = "") -> str:
    """The tables of notices, for behind a database's; `port`: of an SMTP server on this machine."""
    (folder / "customers.csv").write_text("email\n" + "\n".join(PEOPLE) + "\n", encoding="utf-8")
    return f"""
[notices.products.fleetnest]
name = "FleetNest"
status_url = "https://status.fleetnest.example"
time_zone = "America/Chicago"
database = "fleetnest"

[channels.mail]
type = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "notices@fleetnest.example"
unsubscribe = "https://fleetnest.example/u/{{recipient}}"
per_second = 1000

[audiences.customers]
channels = ["mail"]
csv = "{folder / "customers.csv"}"
{extra}
"""


@contextmanager
def notice_house(ledger_url: str, folder: Path, extra: str = "") -> Iterator[House]:
    """The house, wired for notices; nobody connects to its database."""
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    plan = Plan(
        {"fleetnest": nowhere}, {"fleetnest": settings(folder, extra=extra)}, folder_storage(folder / "s")
    )
    with open_house(plan, ledger_url, folder) as house:
        yield house


def works(
    *,
    start: datetime | None = None,
    follow_ups: tuple[str, ...] = (),
    send_at: str = "",
    service: str = "The web app",
) -> NoticeInput:
    """A maintenance of two hours, by default in ten hours' time."""
    begin = start or datetime.now(UTC) + timedelta(hours=10)
    typed = {
        "service": service,
        "start": begin.isoformat(),
        "end": (begin + timedelta(hours=2)).isoformat(),
        "interruption": "5m",
    }
    return NoticeInput(
        "maintenance", "scheduled", "fleetnest", typed, ("customers",), send_at, follow_ups, "C0OPS"
    )


def outage(minutes: float = 30) -> NoticeInput:
    """An emergency whose next word is promised in so many minutes."""
    now = datetime.now(UTC)
    typed = {
        "service": "The web app",
        "since": now.isoformat(),
        "symptoms": "Nobody can log in.",
        "next_update": (now + timedelta(minutes=minutes)).isoformat(),
    }
    return NoticeInput("emergency", "investigating", "fleetnest", typed, ("customers",), channel="C0OPS")


def count(house: House, message: NoticeMessage) -> NoticeMessage:
    """Count whom the current text reaches, as a worker would."""
    house.notices.counting.run(message.notice.id, message.current.number)
    return house.notices.reading.message(message.notice.id)


def approve(house: House, message: NoticeMessage, by: Actor = APRIL) -> NoticeMessage:
    """Have the current text counted, submitted and approved."""
    count(house, message)
    asked = house.notices.writing.submit(OLGA, message.notice.id, message.current.number)
    assert asked.approval is not None
    house.approvals.decide(by, asked.approval.id, asked.approval.content_hash, "approve")
    return house.notices.reading.message(message.notice.id)


def confirm(house: House, message: NoticeMessage, number: int = len(PEOPLE)) -> NoticeMessage:
    """The last yes."""
    return house.notices.sending.confirm_send(OLGA, message.notice.id, message.current.number, number)


def deliver(house: House, notice_id: str, number: int) -> None:
    """Hand a text over to everybody, as a worker would, on a channel that takes all."""
    with borrowed(house.pool) as connection:
        dispatch = dispatches.of_revision(connection, notice_id, number)
        assert dispatch is not None
        for channel in dispatches.channels_of(connection, dispatch.id):
            run = deliveries.Run(dispatch.id, channel, new_attempt())
            assert deliveries.take(connection, run, 60)
            while (claimed := deliveries.claim(connection, run, 60).delivery) is not None:
                deliveries.settle_sent(connection, run, claimed.id, f"<{claimed.key}>")
            deliveries.release(connection, run)
        ended = dispatches.finish(connection, dispatch.id)
        assert ended is not None
        house.notices.sending.finished(connection, ended)


def sent(house: House, typed: NoticeInput, key: str = "k1") -> NoticeMessage:
    """A notice whose first text is out."""
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, typed, key)))
    deliver(house, message.notice.id, message.current.number)
    return house.notices.reading.message(message.notice.id)


def texts_of(house: House, message: NoticeMessage) -> list[NoticeRevision]:
    """Every text of a notice."""
    return list(house.notices.reading.show(OLGA, message.notice.id).revisions)


def states(house: House, message: NoticeMessage) -> list[tuple[str, RevisionState]]:
    """Stage and state of every text."""
    return [(text.stage, text.state) for text in texts_of(house, message)]


def now_of(house: House, message: NoticeMessage) -> NoticeMessage:
    """A notice as of now."""
    return house.notices.reading.message(message.notice.id)


def tick(house: House, at: datetime, clocks: int = 2) -> None:
    """Let so many clocks come by at once."""
    at_once(clocks, lambda _: house.notices.life.tick(at))


def out(house: House, message: NoticeMessage) -> list[int]:
    """Numbers of the texts that were handed over, and hand them out."""
    with borrowed(house.pool) as connection:
        going = [each.revision for each in dispatches.of_notice(connection, message.notice.id)]
    for text in texts_of(house, message):
        if text.state is RevisionState.SENDING:
            deliver(house, message.notice.id, text.number)
    return going


def actions(house: House) -> list[str]:
    """The audit trail's actions, the oldest first; it is whole."""
    with borrowed(house.pool) as connection:
        assert audit.verify(connection).whole
        return [event.action for event in reversed(audit.recent(connection, limit=500))]


def asks(house: House) -> list[tuple[str, str, str]]:
    """What people are asked: topic, what, and whom."""
    with borrowed(house.pool) as connection:
        return [
            (row.topic, row.stage.split(":")[1], row.channel)
            for row in outbox.waiting(connection)
            if row.stage.startswith("ask:")
        ]


def later(message: NoticeMessage, stage: str, **values: str) -> NoticeInput:
    """The next word on a matter."""
    typed = {"service": "The web app"} | values
    return NoticeInput(message.notice.kind, stage, "fleetnest", typed, ("customers",), channel="C0OPS")
