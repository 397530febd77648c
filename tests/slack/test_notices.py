"""A notice in Slack from the form to the last yes: the real services behind the real edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.app import House
from bot.core.delivery import REHEARSAL
from bot.core.notices import RevisionState
from bot.ledger.connection import borrowed
from bot.ledger.outbox import OutboxMessage
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.press import entered as state
from bot.sandbox.slack.server import SlackServer
from bot.slack.buttons import (
    APPROVE,
    NOTICE_AGAIN,
    NOTICE_COUNT,
    NOTICE_EDIT,
    NOTICE_NEXT,
    NOTICE_REHEARSE,
    NOTICE_RETRY,
    NOTICE_SEND,
    NOTICE_SENT,
    NOTICE_SHOW,
    NOTICE_SUBMIT,
    NOTICE_WITHDRAW,
)
from bot.slack.deliver import Deliverer
from bot.slack.edge import Edge
from bot.wiring.deliveries import delivery_runner_of
from tests.slack.conftest import wait_for
from tests.slack.test_approvals import press
from tests.slack.test_edge import answer, answers
from tests.support import notices
from tests.support.house import Plan, folder_storage, open_house

Waiting = Callable[[], list[OutboxMessage]]
pytestmark = pytest.mark.usefixtures("socket")
DAY = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
VALUES = {
    "service": "The web app",
    "start__day": DAY,
    "start__hour": "22:00",
    "end__day": DAY,
    "end__hour": "23:30",
    "interruption": "5m",
    "audiences": ["customers"],
}


@pytest.fixture
def house(slack: SlackServer, ledger_url: str, tmp_path: Path) -> Iterator[House]:
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    plan = Plan(
        {"fleetnest": nowhere},
        {"fleetnest": notices.settings(tmp_path)},
        folder_storage(tmp_path / "archives"),
        {
            "SLACK_BOT_TOKEN": slack.credentials.bot_token,
            "SLACK_SIGNING_SECRET": slack.credentials.signing_secret,
            "SLACK_API_URL": slack.api_url,
        },
    )
    with open_house(plan, ledger_url, tmp_path) as built:
        yield built


@pytest.fixture
def deliver(house: House, deliverer: Deliverer, waiting: Waiting) -> Callable[[], None]:
    """What a worker does: recipients are counted, messages are posted."""

    def all_of_it() -> None:
        for notice, text in house.notices.reading.newest(notices.OLGA).entries:
            if text and text.recipients is None:
                house.notices.counting.run(notice.id, text.number)
        for message in waiting():
            deliverer.deliver(message.id)

    return all_of_it


def open_form(people: SandboxClient, name: str, words: str) -> dict[str, Any]:
    assert people.say(name, words) is None
    wait_for(lambda: people.view(name))
    view = people.view(name)
    assert view is not None
    return view


def draft(people: SandboxClient, deliver: Callable[[], None], **changed: Any) -> dict[str, Any]:
    """Fill the form in, and give the draft's message."""
    open_form(people, "omar", "/notice maintenance")
    before = len(answers(people, "omar"))
    assert not people.submit("omar", VALUES | changed).get("errors")
    wait_for(lambda: len(answers(people, "omar")) > before)
    deliver()
    return the_message(people)


def the_message(people: SandboxClient) -> dict[str, Any]:
    posted = [one for one in people.messages() if one.get("thread_ts", one["ts"]) == one["ts"]]
    return next(
        one for one in reversed(posted) if "\nnotice `" in one["text"] and not one.get("ephemeral_to")
    )


def labels(message: dict[str, Any]) -> list[str]:
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def fields(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


def approve(people: SandboxClient, deliver: Callable[[], None]) -> None:
    """Submit what the message shows, and let April approve it."""
    assert "Submitted." in press(people, "omar", NOTICE_SUBMIT, the_message(people)["ts"])
    deliver()
    asked = next(one for one in reversed(people.messages()) if one["text"].startswith("*Approval needed:"))
    assert "Approved:" in press(people, "april", APPROVE, asked["ts"])
    deliver()


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    people: SandboxClient, waiting: Waiting
) -> None:
    view = open_form(people, "omar", "/notice maintenance")
    assert view["title"]["text"] == "A notice"
    assert "America/Chicago" in str(view["blocks"][1])
    wrong = VALUES | {"start__day": YESTERDAY, "interruption": "soon", "audiences": ["customers"]}
    errors = people.submit("omar", wrong)["errors"]
    assert errors["start__day"] == "This day is past; choose one that lies ahead."
    assert "no span of time" in errors["interruption"]
    errors = people.submit("omar", VALUES | {"end__hour": "21:00"})["errors"]
    assert errors == {"end__hour": "This must come after start."}
    errors = people.submit("omar", VALUES | {"send_at__day": DAY})["errors"]
    assert errors == {"send_at__hour": "Choose the time too."}
    errors = people.submit("omar", VALUES | {"send_at__hour": "10:00"})["errors"]
    assert errors == {"send_at__day": "Choose the day too."}
    far = VALUES | {"start__day": "9999-12-31", "end__day": "9999-12-31"}
    errors = people.submit("omar", far)["errors"]
    assert {name for name, said in errors.items() if "too far ahead" in said} == {"start__day", "end__day"}
    assert waiting() == []
    assert not people.submit("omar", VALUES).get("errors")
    assert len(waiting()) == 2, "the message and its first line of history"


def test_from_the_form_to_the_last_yes(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    message = draft(people, deliver)
    for part in (
        "*Draft: Planned maintenance (`fleetnest`)*",
        "22:00 to 23:30",
        "3 recipients of `customers`",
    ):
        assert part in message["text"]
    assert "It concerns: The web app." in str(message["blocks"])
    assert labels(message) == ["Submit for approval", "Edit", "Rehearse", "Withdraw"]
    approve(people, deliver)
    message = the_message(people)
    assert message["text"].startswith("*Approved, not sent yet: Planned maintenance")
    question = people.click("omar", NOTICE_SEND, ts=message["ts"])
    assert question["problem"] == "needs confirmation"
    assert question["confirm"]["title"]["text"] == "Really send to 3 recipients?"
    assert question["confirm"]["style"] == "danger"
    assert "being sent to 3 recipients" in press(people, "omar", NOTICE_SEND, message["ts"])
    # Somebody else's screen still shows the button.
    assert "Nothing was changed" in press(people, "april", NOTICE_SEND, message["ts"])
    deliver()
    message = the_message(people)
    assert message["text"].startswith("*Being sent: Planned maintenance")
    notice_id = house.notices.reading.newest(notices.OLGA).entries[0][0].id
    notices.deliver(house, notice_id, 1)
    deliver()
    message = the_message(people)
    assert message["text"].startswith("*Sent: Planned maintenance")
    assert "`mail`: 3 of 3 sent" in message["text"]
    assert labels(message) == ["Write the next word", "Everything about it"]
    history = [one["text"] for one in people.messages() if one.get("thread_ts") == message["ts"]]
    assert any(line.startswith("Submitted: Planned maintenance, by <@U0OMAR>") for line in history)


def test_a_number_that_was_not_shown_does_not_send(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    draft(people, deliver)
    approve(people, deliver)
    found = house.notices.reading.newest(notices.OLGA).entries[0][0].id
    assert "takes the number of recipients" in answer(people, "omar", f"/notice send {found}")
    answer(people, "omar", f"/notice send {found} 4")
    assert house.notices.reading.message(found).current.state is RevisionState.APPROVED


def test_an_edit_starts_with_what_was_written_and_makes_the_yes_void(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    message = draft(people, deliver)
    approve(people, deliver)
    assert people.click("omar", NOTICE_EDIT, ts=message["ts"])["problem"] is None
    wait_for(lambda: people.view("omar"))
    view = people.view("omar")
    assert view is not None
    shown = fields(view)
    assert shown["service"]["initial_value"] == "The web app"
    assert (shown["start__day"]["initial_date"], shown["start__hour"]["initial_time"]) == (DAY, "22:00")
    assert shown["interruption"]["initial_value"] == "5m"
    assert [one["value"] for one in shown["audiences"]["initial_options"]] == ["customers"]
    before = len(answers(people, "omar"))
    assert not people.submit("omar", {"service": "The driver app"}).get("errors")
    wait_for(lambda: len(answers(people, "omar")) > before)
    assert "does not count any more" in str(answers(people, "omar")[-1])
    deliver()
    message = the_message(people)
    assert message["text"].startswith("*Draft:")
    assert "It concerns: The driver app." in str(message["blocks"])
    current = house.notices.reading.newest(notices.OLGA).entries[0][1]
    assert current is not None
    assert (current.number, current.state) == (2, RevisionState.DRAFT)


def test_a_form_that_slack_delivers_twice_writes_one_notice(
    people: SandboxClient, edge: Edge, house: House
) -> None:
    view = open_form(people, "omar", "/notice maintenance")
    entered = {name: {name: state(element, VALUES.get(name))} for name, element in fields(view).items()}
    body = {
        "type": "view_submission",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0OMAR", "team_id": "T0SANDBOX"},
        "trigger_id": "1.2.form",
        "view": view | {"state": {"values": entered}},
    }
    told = [edge.app.dispatch(BoltRequest(mode="socket_mode", body=body)).body for _ in range(3)]
    assert told == ['{"response_action": "clear"}'] * 3
    assert len(house.notices.reading.newest(notices.OLGA).entries) == 1


def test_the_next_word_asks_which_and_starts_with_what_is_known(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    draft(people, deliver)
    approve(people, deliver)
    press(people, "omar", NOTICE_SEND, the_message(people)["ts"])
    notices.deliver(house, house.notices.reading.newest(notices.OLGA).entries[0][0].id, 1)
    deliver()
    assert people.click("omar", NOTICE_NEXT, ts=the_message(people)["ts"])["problem"] is None
    wait_for(lambda: people.view("omar"))
    people.submit("omar", {"stage": "cancelled"})
    view = people.view("omar")
    assert view is not None
    assert "cancelled" in str(view["blocks"][0]).lower()


def test_withdrawing_and_listing_and_reading_everything(
    people: SandboxClient, deliver: Callable[[], None]
) -> None:
    assert "No notice to customers" in answer(people, "vera", "/notice")
    message = draft(people, deliver)
    assert "Withdrawn." in press(people, "omar", NOTICE_WITHDRAW, message["ts"])
    deliver()
    assert the_message(people)["text"].startswith("*Withdrawn:")
    assert "withdrawn" in answer(people, "vera", "/notice list")
    notice_id = message["text"].rpartition("notice `")[2][:8]
    assert "file in a direct message" in answer(people, "vera", f"/notice show {notice_id}")
    wait_for(lambda: people.messages("D0VERA"))
    (file,) = people.messages("D0VERA")[-1]["files"]
    assert file["name"] == f"notice-{notice_id}.md"


def test_whoever_may_not_write_sees_no_form(people: SandboxClient) -> None:
    assert "needs the role operator" in answer(people, "vera", "/notice maintenance")
    assert people.view("vera") is None
    assert "Did you mean `/notice maintenance`?" in answer(people, "omar", "/notice maintenanse")
    assert "Writing notices needs" in answer(people, "vera", "/notice help")


def out_with_troubles(people: SandboxClient, house: House, deliver: Callable[[], None]) -> str:
    """A notice that is out, but for one that failed and two that nobody knows of; its id."""
    draft(people, deliver)
    approve(people, deliver)
    press(people, "omar", NOTICE_SEND, the_message(people)["ts"])
    found = house.notices.reading.newest(notices.OLGA).entries[0][0].id
    notices.deliver(house, found, 1)
    with borrowed(house.pool) as connection:
        for state in ("failed", "unknown", "unknown"):
            connection.execute(
                "update delivery set state = %s, finished_at = case when %s then now() end, attempt = 'a',"
                " error = 'The mail server was silent.', reference = null"
                " where id = (select min(id) from delivery where state = 'sent')",
                (state, state == "failed"),
            )
    house.notices.sending.redraw(found)
    deliver()
    return found


def test_what_went_wrong_is_decided_in_the_message_and_it_shows_that_at_once(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    found = out_with_troubles(people, house, deliver)
    ts = the_message(people)["ts"]
    assert the_message(people)["text"].startswith("*Sent, 1 failed, 2 not known: Planned maintenance")
    assert labels(the_message(people)).count("It was sent") == 2
    for action in (NOTICE_RETRY, NOTICE_SENT, NOTICE_AGAIN):
        assert "role" in press(people, "vera", action, ts)
    assert "Those that failed are tried again" in press(people, "omar", NOTICE_RETRY, ts)
    deliver()
    assert "1 failed" not in the_message(people)["text"]
    assert "Nothing of this notice failed" in answer(people, "omar", f"/notice retry {found}.1")
    assert "it was sent" in press(people, "omar", NOTICE_SENT, ts)
    deliver()
    assert labels(the_message(people)).count("It was sent") == 1
    assert "once more" in press(people, "omar", NOTICE_AGAIN, ts)
    deliver()
    assert "It was sent" not in labels(the_message(people))
    notices.deliver(house, found, 1)  # nobody is left to redraw it but the end itself
    deliver()
    assert "`mail`: 3 of 3 sent" in the_message(people)["text"]


def test_a_rehearsal_by_its_button_is_read_by_the_team_alone(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    draft(people, deliver)
    ts = the_message(people)["ts"]
    assert "role" in press(people, "vera", NOTICE_REHEARSE, ts)
    assert "A rehearsal goes to the team alone" in press(people, "omar", NOTICE_REHEARSE, ts)
    with borrowed(house.pool) as connection:
        row = connection.execute("select id from dispatch where rehearsal").fetchone()
    assert row is not None
    delivery_runner_of(house).run(row["id"], REHEARSAL)
    shown = [str(one["blocks"]) for one in people.messages() if "nobody but this channel" in str(one)]
    assert len(shown) == 1
    assert "The web app" in shown[0]
    assert house.notices.reading.newest(notices.OLGA).entries[0][1].state is RevisionState.DRAFT  # type: ignore[union-attr] # it has a text


def test_a_draft_is_shown_while_its_recipients_are_counted_and_can_be_submitted_then(
    people: SandboxClient, house: House, deliverer: Deliverer, waiting: Waiting, tmp_path: Path
) -> None:
    (tmp_path / "customers.csv").write_text("name\nAnn\n", encoding="utf-8")
    open_form(people, "omar", "/notice maintenance")
    assert not people.submit("omar", VALUES).get("errors")
    post_all(deliverer, waiting)
    assert "counting recipients of `customers` …" in the_message(people)["text"]
    assert labels(the_message(people)) == ["Count again", "Edit", "Rehearse", "Withdraw"]
    found = house.notices.reading.newest(notices.OLGA).entries[0][0].id
    assert "being counted still" in answer(people, "omar", f"/notice submit {found}")
    house.notices.counting.run(found, 1)
    post_all(deliverer, waiting)
    assert "has no column email" in the_message(people)["text"]
    (tmp_path / "customers.csv").write_text("email\nann@example.com\n", encoding="utf-8")
    assert "counted anew" in press(people, "omar", NOTICE_COUNT, the_message(people)["ts"])
    house.notices.counting.run(found, 1)
    post_all(deliverer, waiting)
    assert "1 recipient of `customers`: 1 by `mail`" in the_message(people)["text"]
    assert labels(the_message(people))[0] == "Submit for approval"


def post_all(deliverer: Deliverer, waiting: Waiting) -> None:
    for message in waiting():
        deliverer.deliver(message.id)


def test_whoever_approves_can_read_every_word_from_the_request(
    people: SandboxClient, deliver: Callable[[], None], tmp_path: Path
) -> None:
    draft(people, deliver, follow_ups=["reminder", "completed"])
    assert "Submitted." in press(people, "omar", NOTICE_SUBMIT, the_message(people)["ts"])
    deliver()
    asked = next(one for one in reversed(people.messages()) if one["text"].startswith("*Approval needed:"))
    assert "*Word for word:* the file in the thread" in asked["text"]
    assert labels(asked) == ["Approve", "Decline", "Withdraw", "Everything about it"]
    files = [
        file
        for one in people.messages()
        if one.get("thread_ts") == asked["ts"]
        for file in one.get("files", ())
    ]
    assert [file["name"].rpartition(".")[2] for file in files] == ["md"]
    words = next((tmp_path / "slack-home").rglob(files[0]["id"])).read_text(encoding="utf-8")
    for part in ("=== Maintenance reminder, ", "=== Maintenance completed, ", "--- HTML"):
        assert part in words, "what follows by itself is approved too"
    assert "file in a direct message" in press(people, "april", NOTICE_SHOW, asked["ts"])


def test_a_text_whose_audience_has_grown_asks_with_its_button(
    people: SandboxClient, house: House, deliver: Callable[[], None], tmp_path: Path
) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    draft(people, deliver, send_at__day=later, send_at__hour="10:00")
    approve(people, deliver)
    assert "at its time" in press(people, "omar", NOTICE_SEND, the_message(people)["ts"])
    more = "".join(f"customer{number}@example.com\n" for number in range(40))
    (tmp_path / "customers.csv").write_text(f"email\n{more}", encoding="utf-8")
    house.notices.life.tick(datetime.now(UTC) + timedelta(days=3))
    deliver()
    message = the_message(people)
    assert message["text"].startswith("*Held back, its audience has changed: Planned maintenance")
    assert "It was approved for 3 recipients and would reach 40 now." in message["text"]
    words = "Planned maintenance was approved for 3, now 40 recipients: really send?"
    asked = next(one for one in reversed(people.messages()) if words in one["text"])
    assert labels(asked) == ["Send to 40 recipients", "Everything about it"]
    assert words in str(people.messages("D0OMAR"))
    assert "being sent to 40 recipients" in press(people, "omar", NOTICE_SEND, asked["ts"])
    assert house.notices.reading.newest(notices.OLGA).entries[0][1].state is RevisionState.SENDING  # type: ignore[union-attr] # it has a text


def test_what_a_later_text_took_back_is_not_offered_again(
    people: SandboxClient, house: House, deliver: Callable[[], None]
) -> None:
    found = out_with_troubles(people, house, deliver)
    told = house.notices.reading.message(found)
    done = notices.later(told, "completed", finished=datetime.now(UTC).isoformat())
    written = house.notices.writing.follow_up(notices.OLGA, found, done, "f1")
    notices.confirm(house, notices.approve(house, written))
    notices.deliver(house, found, 2)
    deliver()
    message = the_message(people)
    assert "A later text says otherwise" in str(message["blocks"])
    assert labels(message).count("It was sent") == 2
    assert {"Send again", "Try it again"}.isdisjoint(labels(message))
