"""A notice from the form to customers' mailboxes and on to its end: the sandbox's Slack, a worker, real SMTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.app import House
from bot.cli.worker import Hands, _slack_parts
from bot.core.notices import NoticePhase, RevisionState
from bot.jobs import Handlers, Worker, WorkerSettings
from bot.ledger import audit
from bot.ledger.connection import borrowed
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.services import notice_export
from bot.slack.buttons import APPROVE, NOTICE_REHEARSE, NOTICE_SEND, NOTICE_SUBMIT
from bot.slack.edge import open_edge
from bot.slack.socket import SocketMode
from bot.wiring.deliveries import delivery_runner_of
from bot.wiring.doors import doors_of
from tests.support import notices
from tests.support.house import Plan, folder_storage, open_house
from tests.support.mail import Mailbox, mail_server

CHICAGO = ZoneInfo("America/Chicago")
START = (datetime.now(CHICAGO) + timedelta(days=20)).replace(hour=22, minute=0, second=0, microsecond=0)
TYPED = {
    "service": "The web app <!channel> {{7*7}}",
    "start__day": START.date().isoformat(),
    "start__hour": "22:00",
    "end__day": (START + timedelta(days=1)).date().isoformat(),
    "end__hour": "00:30",
    "interruption": "5m",
    "data_checked": ["yes"],
    "audiences": ["customers"],
    "follow_ups": ["reminder", "started", "completed"],
}
WORDS = "The web app"


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def house(slack: SlackServer, ledger_url: str, tmp_path: Path, mail: Mailbox) -> Iterator[House]:
    plan = Plan(
        {"fleetnest": "postgresql://postgres@127.0.0.1:1/none"},
        {"fleetnest": notices.settings(tmp_path, mail.port, '[notices]\nreminders = ["24h"]')},
        folder_storage(tmp_path / "archives"),
        {
            "SLACK_BOT_TOKEN": slack.credentials.bot_token,
            "SLACK_SIGNING_SECRET": slack.credentials.signing_secret,
            "SLACK_API_URL": slack.api_url,
        },
    )
    with open_house(plan, ledger_url, tmp_path) as built:
        yield built


@pytest.fixture(autouse=True)
def bot(house: House, slack: SlackServer, people: SandboxClient) -> Iterator[None]:
    """The edge and a worker, as the two processes have them."""
    edge = open_edge(house.environment, house.configuration, house.pool, doors_of(house))
    line = SocketMode(edge.app, slack.credentials.app_token, slack.api_url)
    line.connect()
    until(lambda: people.connections() > 0)
    progress, deliverer = _slack_parts(house)
    hands = Hands(house, progress, deliverer, delivery_runner_of(house, progress))
    handlers = Handlers(
        hands.run_backup,
        hands.run_check,
        hands.run_restore_test,
        hands.deliver,
        hands.sweep,
        hands.deliveries.run,
        count_recipients=house.notices.counting.run,
    )
    worker = Worker(house.ledger_url, house.pool, handlers, WorkerSettings(poll_every=0.1))
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield
    worker.stop()
    thread.join()
    line.close()


def until(condition: Callable[[], object]) -> Any:
    """Wait until something holds, and give it; pytest's own timeout ends what never does."""
    pause = threading.Event()
    while not (found := condition()):
        pause.wait(0.05)
    return found


def message(people: SandboxClient, beginning: str) -> dict[str, Any] | None:
    """The newest message of the channel, not a reply, that begins so."""
    posted = [
        m for m in people.messages() if m.get("thread_ts", m["ts"]) == m["ts"] and not m.get("ephemeral_to")
    ]
    return next((m for m in reversed(posted) if m["text"].startswith(beginning)), None)


def told(people: SandboxClient, name: str, words: str) -> bool:
    """Whether this person was told something alone."""
    return any(words in m["text"] for m in people.messages(name=name) if m.get("ephemeral_to"))


def write(people: SandboxClient, mail: Mailbox) -> dict[str, Any]:
    """Fill the form in, wrong at first, and give the draft's message."""
    assert people.say("omar", "/notice maintenance") is None
    until(lambda: people.view("omar"))
    wrong = people.submit("omar", TYPED | {"end__day": TYPED["start__day"], "end__hour": "21:00"})
    assert wrong["errors"]
    assert not people.submit("omar", TYPED).get("errors")
    # Its button to submit comes with the number of its recipients.
    posted = until(
        lambda: (found := message(people, "*Draft")) and NOTICE_SUBMIT in str(found["blocks"]) and found
    )
    assert mail.messages == []
    assert isinstance(posted, dict)
    return posted


def approve(people: SandboxClient, ts: str) -> None:
    """Omar asks and may not answer himself; April reads and says yes."""
    assert people.click("omar", NOTICE_SUBMIT, ts=ts, confirmed=True)["problem"] is None
    asked = until(lambda: message(people, "*Approval needed"))
    assert WORDS in str(asked["blocks"])
    people.click("omar", APPROVE, ts=asked["ts"], confirmed=True)
    until(lambda: told(people, "omar", "somebody else has to read it"))
    people.click("carl", APPROVE, ts=asked["ts"], confirmed=True)
    assert people.click("april", APPROVE, ts=asked["ts"], confirmed=True)["problem"] is None
    until(lambda: message(people, "*Approved: "))
    # The request says so first; the notice's own message follows, and has the next button.
    until(lambda: any(NOTICE_SEND in str(one) for one in people.messages() if one["ts"] == ts))


def test_a_maintenance_from_the_form_to_the_last_mail(
    house: House, people: SandboxClient, mail: Mailbox
) -> None:
    posted = write(people, mail)
    people.click("omar", NOTICE_REHEARSE, ts=posted["ts"], confirmed=True)
    until(lambda: "*Rehearsal.* This was sent to nobody" in people.read())
    approve(people, posted["ts"])
    assert mail.messages == []
    question = people.click("omar", NOTICE_SEND, ts=posted["ts"])
    assert "3 recipients" in str(question["confirm"])
    people.click("omar", NOTICE_SEND, ts=posted["ts"], confirmed=True)
    until(lambda: message(people, "*Sent"))
    assert mail.counts == dict.fromkeys(notices.PEOPLE, 1)
    first = mail.mail()
    assert WORDS in str(first.get_body(("plain",)))
    assert "{{7*7}}" in first.get_body(("plain",)).get_content()  # type: ignore[union-attr] # asserted above
    assert "<!channel>" not in first.get_body(("html",)).get_content()  # type: ignore[union-attr] # a part is there

    (notice, _), *_ = house.notices.reading.newest(notices.OLGA).entries
    for number, at in enumerate(
        (START - timedelta(hours=24), START, START + timedelta(hours=2, minutes=30)), 2
    ):
        house.notices.life.tick(at)
        house.notices.life.tick(at)
        until(lambda n=number: sum(mail.counts.values()) == 3 * n)  # type: ignore[misc]
        until(lambda n=number: states(house, notice.id)[n - 1] is RevisionState.SENT)  # type: ignore[misc]
    assert mail.counts == dict.fromkeys(notices.PEOPLE, 4)
    assert mail.mail()["In-Reply-To"]
    assert house.notices.reading.message(notice.id).notice.phase is NoticePhase.OVER
    until(lambda: message(people, "*Over"))
    everything(house, notice.id)


def states(house: House, notice_id: str) -> list[RevisionState]:
    return [text.state for text in house.notices.reading.show(notices.OLGA, notice_id).revisions]


def everything(house: House, notice_id: str) -> None:
    """What is kept of it afterwards: the trail is whole, and the export says who did what."""
    with borrowed(house.pool) as connection:
        assert audit.verify(connection).whole
        events = audit.recent(connection, limit=500)
    of_text = [e for e in events if e.subject == f"notice:{notice_id}" and e.details.get("revision")]
    assert len({e.details["content_hash"] for e in of_text if e.details["revision"] == 1}) == 1
    assert {e.action for e in events} >= {
        "notice.drafted",
        "notice.rehearsed",
        "notice.submitted",
        "approval.requested",
        "access.refused",
        "approval.approved",
        "notice.sending",
        "notice.sent",
        "notice.over",
    }
    written = notice_export.markdown(house.notices.reading.show(notices.OLGA, notice_id))
    assert "approve by U0APRIL" in written
    assert "## 4. Maintenance completed: sent" in written


def test_an_edit_after_the_approval_needs_a_new_one_and_old_buttons_answer_politely(
    house: House, people: SandboxClient, mail: Mailbox
) -> None:
    posted = write(people, mail)
    approve(people, posted["ts"])
    until(lambda: message(people, "*Approved, not sent yet"))
    old = message(people, "*Approved, not sent yet")
    assert old is not None
    (notice, _), *_ = house.notices.reading.newest(notices.OLGA).entries
    assert people.say("omar", f"/notice edit {notice.id}") is None
    until(lambda: people.view("omar"))
    assert not people.submit("omar", TYPED | {"service": "The driver app"}).get("errors")
    until(lambda: message(people, "*Draft"))
    assert people.say("omar", f"/notice send {notice.id}.1:3") is None
    until(lambda: told(people, "omar", "cannot be sent"))
    assert mail.messages == []
    assert states(house, notice.id)[0] is RevisionState.REPLACED
