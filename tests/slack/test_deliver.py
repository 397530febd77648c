from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from bot.app import House
from bot.core.backup import BackupRecord, Kind
from bot.core.people import Actor, Role, Source
from bot.core.reply import Showing
from bot.core.verdict import Verdict
from bot.errors import LedgerUnavailableError, SlackError
from bot.gallery.samples import VIEWS
from bot.ledger import audit, backups, checks, outbox, slack_messages
from bot.ledger.connection import borrowed
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.services.views import BackupDetails, BackupMessage
from bot.slack.deliver import Deliverer
from bot.slack.views import Surroundings
from bot.wiring.topics import topics_of
from tests.ledger.support import facts, stored
from tests.slack.conftest import Waiting

OMAR = Actor("T0SANDBOX", "U0OMAR", Source.SLACK, frozenset({Role.OPERATOR}))


def ask(house: House, channel: str = "C0OPS") -> BackupMessage:
    return house.backups.request(OMAR, kind=Kind.FULL, database="cruzonic", channel=channel)


def posted(people: SandboxClient, channel: str = "database-operations") -> list[dict[str, Any]]:
    return [one for one in people.messages(channel) if not one.get("ephemeral_to")]


def deliver_all(deliverer: Deliverer, waiting: Waiting) -> None:
    for message in waiting():
        deliverer.deliver(message.id)


def test_one_message_from_request_to_verdict_with_its_details_in_the_thread(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = ask(house).record
    deliver_all(deliverer, waiting)
    (opened,) = posted(people)
    assert opened["text"].startswith("*Waiting: full backup of `cruzonic`*")
    house.backups.cancel(OMAR, record.id)
    deliver_all(deliverer, waiting)
    verdict, details = posted(people)
    assert verdict["ts"] == opened["ts"]
    assert verdict["text"].startswith("*Cancelled: full backup of `cruzonic`*")
    assert details["thread_ts"] == opened["ts"]
    assert waiting() == []


def test_a_restore_tests_message_becomes_its_verdict_with_the_report_in_the_thread(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    with borrowed(house.pool) as connection:
        backup = stored(connection)
    test = house.restore_tests.request(OMAR, database="cruzonic", channel="C0OPS").test
    deliver_all(deliverer, waiting)
    (opened,) = posted(people)
    assert opened["text"].startswith("*Waiting: restore test of the full backup of `cruzonic`*")
    assert f"`{backup.id}`, the newest stored full backup" in opened["text"]
    house.restore_tests.cancel(OMAR, test.id)
    deliver_all(deliverer, waiting)
    verdict, report, *files = posted(people)
    assert verdict["ts"] == opened["ts"]
    assert verdict["text"].startswith("*COULD NOT VERIFY: restore test of the full backup of `cruzonic`*")
    assert "CANCELLED" in verdict["text"]
    assert report["thread_ts"] == opened["ts"]
    assert f"restore-test-{test.id}.md" in repr(files)
    assert waiting() == []


def test_a_delivered_message_is_not_posted_again(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    ask(house)
    (message,) = waiting()
    deliverer.deliver(message.id)
    deliverer.deliver(message.id)
    assert len(posted(people)) == 1


def test_a_post_whose_process_died_is_found_again_by_its_metadata(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient, web: WebClient
) -> None:
    record = ask(house).record
    (message,) = waiting()
    # What a worker leaves that died right after Slack took its post: an attempt, and no more.
    web.chat_postMessage(
        channel="C0OPS",
        text="posted by the one that died",
        metadata={"event_type": "sparewheel_message", "event_payload": {"outbox_id": message.id}},
    )
    with borrowed(house.pool) as connection:
        outbox.mark_failed_attempt(connection, message.id, "an attempt began")
    deliverer.deliver(message.id)
    (found,) = posted(people)
    with borrowed(house.pool) as connection:
        assert slack_messages.get(connection, "backup", record.id) == ("C0OPS", found["ts"])


def test_a_verdict_whose_message_is_gone_is_posted_anew(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient, slack: SlackServer
) -> None:
    record = ask(house).record
    deliver_all(deliverer, waiting)
    slack.sandbox.workspace.delete("C0OPS", posted(people)[0]["ts"])
    house.backups.cancel(OMAR, record.id)
    deliver_all(deliverer, waiting)
    verdict, details = posted(people)
    assert verdict["text"].startswith("*Cancelled:")
    assert details["thread_ts"] == verdict["ts"]


def test_a_closed_channel_is_replaced_by_the_operations_channel(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    ask(house, channel="C0NOWHERE")
    deliver_all(deliverer, waiting)
    assert len(posted(people)) == 1


def test_where_no_channel_takes_it_it_is_given_up_with_an_audit_row(
    house: House, deliverer: Deliverer, waiting: Waiting
) -> None:
    ask(house, channel="C0NOWHERE")
    (message,) = waiting()
    deliverer._operations_channel = "C0NEITHER"
    deliverer.deliver(message.id)
    with borrowed(house.pool) as connection:
        row = outbox.get(connection, message.id)
        assert row is not None
        assert row.given_up_at is not None
        assert audit.recent(connection)[0].action == "message.given-up"


def test_slack_out_of_order_asks_for_a_retry_and_the_retry_posts_once(
    house: House, web: WebClient, waiting: Waiting, people: SandboxClient
) -> None:
    deliverer = Deliverer(
        web, house.pool, topics_of(house), Surroundings(), "C0OPS"
    )  # a client without its own retries
    ask(house)
    (message,) = waiting()
    people.fault("500", methods=("chat.postMessage",), times=1)
    with pytest.raises(SlackError):
        deliverer.deliver(message.id)
    deliverer.deliver(message.id)
    assert len(posted(people)) == 1
    assert waiting() == []


def test_an_opening_that_comes_late_shows_the_end(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = ask(house).record
    house.backups.cancel(OMAR, record.id)
    opened, verdict, details = waiting()
    deliverer.deliver(opened.id)
    assert posted(people)[0]["text"].startswith("*Cancelled:")
    for message in (verdict, details):
        deliverer.deliver(message.id)
    assert len(posted(people)) == 2


@pytest.mark.parametrize("fault", ["drop-after", "500-after"])
def test_a_post_whose_answer_was_lost_is_one_message(
    fault: str, house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    ask(house)
    (message,) = waiting()
    people.fault(fault, methods=("chat.postMessage",), times=2)
    with pytest.raises(SlackError):
        deliverer.deliver(message.id)
    assert len(posted(people)) == 1, "nobody but the outbox repeats it"
    deliverer.deliver(message.id)
    deliverer.deliver(message.id)
    assert len(posted(people)) == 1
    assert waiting() == []


def test_a_reply_whose_answer_was_lost_is_one_reply(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = ask(house).record
    deliver_all(deliverer, waiting)
    house.backups.cancel(OMAR, record.id)
    verdict, details = waiting()
    deliverer.deliver(verdict.id)
    people.fault("drop-after", methods=("chat.postMessage",), times=1)
    with pytest.raises(SlackError):
        deliverer.deliver(details.id)
    deliverer.deliver(details.id)
    assert len(posted(people)) == 2
    assert waiting() == []


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message", "message_not_found"])
def test_a_verdict_that_may_not_be_edited_in_is_posted_anew(
    code: str, house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = ask(house).record
    deliver_all(deliverer, waiting)
    house.backups.cancel(OMAR, record.id)
    people.fault("refused", methods=("chat.update",), code=code)
    deliver_all(deliverer, waiting)
    opened, verdict, details = posted(people)
    assert opened["text"].startswith("*Waiting:")
    assert verdict["text"].startswith("*Cancelled:")
    assert details["thread_ts"] == verdict["ts"]
    assert waiting() == []


def with_long_details(deliverer: Deliverer) -> None:
    """Every backup has 300 tables from now on."""
    details = VIEWS["worst details"]
    assert isinstance(details, BackupDetails)
    usual = deliverer._topics["backup"]

    def showing(subject: str, stage: str) -> Showing | None:
        return Showing(details, where="thread") if stage == "details" else usual(subject, stage)

    deliverer._topics = {**deliverer._topics, "backup": showing}


def test_long_details_come_as_a_file_in_the_thread(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    with_long_details(deliverer)
    record = ask(house).record
    deliver_all(deliverer, waiting)
    house.backups.cancel(OMAR, record.id)
    deliver_all(deliverer, waiting)
    verdict, details, attached = posted(people)
    assert {details["thread_ts"], attached["thread_ts"]} == {verdict["ts"]}
    assert [one["name"] for one in attached["files"]] == ["backup-a1b2c3d4.txt"]


def test_details_stand_without_a_file_that_slack_does_not_take(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    with_long_details(deliverer)
    record = ask(house).record
    house.backups.cancel(OMAR, record.id)
    people.fault("500", methods=("files.getUploadURLExternal",))
    deliver_all(deliverer, waiting)
    assert len(posted(people)) == 2
    assert waiting() == []


def stored_in_slack(house: House, deliverer: Deliverer, waiting: Waiting) -> BackupRecord:
    """A stored backup whose message says so."""
    record = ask(house).record
    with borrowed(house.pool) as connection:
        assert backups.claim(connection, record.id, "a1", 60)
        assert backups.mark_stored(connection, record.id, "a1", facts())
    deliver_all(deliverer, waiting)
    return house.backups.message(record.id).record


def checked(house: House, record: BackupRecord, verdict: Verdict = Verdict.PASS) -> None:
    """A check from request to verdict, both of them waiting in the outbox."""
    message = house.backups.request_check(OMAR, record.id, "C0OPS")
    with borrowed(house.pool) as connection:
        assert checks.claim(connection, message.check_id, "a1", 60)
    findings = [] if verdict is Verdict.PASS else ["The archive is shorter than it was."]
    house.checker.outcomes.checked(message, "a1", verdict=verdict, findings=findings, read_through="4 tables")


@pytest.mark.parametrize(
    ("verdict", "said", "then"),
    [(Verdict.PASS, "*Checked:", "*Checked:"), (Verdict.FAIL, "*Check failed:", "*Damaged:")],
    ids=["pass", "fail"],
)
def test_a_check_has_its_message_and_redraws_the_backups(
    house: House,
    deliverer: Deliverer,
    waiting: Waiting,
    people: SandboxClient,
    verdict: Verdict,
    said: str,
    then: str,
) -> None:
    record = stored_in_slack(house, deliverer, waiting)
    assert posted(people)[0]["text"].startswith("*Stored:")
    checked(house, record, verdict)
    deliver_all(deliverer, waiting)
    of_backup, of_check = posted(people)
    assert of_backup["text"].startswith(then)
    assert of_backup.get("edited")
    assert of_check["text"].startswith(said)
    assert waiting() == []


def test_a_checks_message_opens_and_then_ends_as_its_verdict(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = stored_in_slack(house, deliverer, waiting)
    checked(house, record)
    opened, verdict = waiting()
    assert (opened.stage, verdict.stage) == ("opened", "verdict")
    deliverer.deliver(opened.id)
    deliverer.deliver(verdict.id)
    assert len(posted(people)) == 2


def test_a_verdict_stands_though_the_backups_message_cannot_be_redrawn(
    house: House, deliverer: Deliverer, waiting: Waiting, people: SandboxClient
) -> None:
    record = stored_in_slack(house, deliverer, waiting)
    checked(house, record)

    def away(*_: str) -> Showing | None:
        raise LedgerUnavailableError("away")

    deliverer._topics = {**deliverer._topics, "backup": away}
    deliver_all(deliverer, waiting)
    of_backup, of_check = posted(people)
    assert of_backup["text"].startswith("*Stored:")
    assert of_check["text"].startswith("*Checked:")
    assert waiting() == []
