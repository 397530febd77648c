"""What deliveries mean for their notice: how a rehearsal went, and what a withdrawal leaves behind."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import House
from bot.channels.interface import Outgoing
from bot.core.delivery import REHEARSAL
from bot.core.notices import RevisionState
from bot.errors import ChannelRefusedError, ChannelUnknownError, DeliveryWaitsError, UserError
from bot.ledger import outbox
from bot.ledger.connection import borrowed
from bot.ledger.migrations import versions
from bot.services import notice_export
from bot.services.notice_views import NoticeMessage
from bot.slack.views import Surroundings, render
from bot.wiring.deliveries import delivery_runner_of
from tests.support.book import Book, Script, free_the_channel
from tests.support.notices import OLGA, approve, confirm, notice_house, states, works


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path) as opened:
        yield opened


def drafted(house: House) -> NoticeMessage:
    return house.notices.writing.draft(OLGA, works(), "k1")


def run(house: House, channel: str, script: Script | None = None) -> None:
    """What a worker does; without a script on the real channels, which here have no Slack."""
    with borrowed(house.pool) as connection:
        row = connection.execute("select id from dispatch order by created_at desc limit 1").fetchone()
    assert row is not None
    runner = delivery_runner_of(house)
    if script:
        runner = dataclasses.replace(runner, channels=Book(script))
    runner.run(row["id"], channel)


@pytest.mark.parametrize(
    ("error", "what", "note"),
    [
        (None, "rehearsal-arrived", ""),
        (ChannelRefusedError("Slack refused it (not_in_channel)."), "rehearsal-failed", "not_in_channel"),
        (ChannelUnknownError("Slack did not answer."), "rehearsal-failed", "did not answer"),
    ],
)
def test_how_a_rehearsal_went_is_said_in_the_drafts_thread(
    house: House, error: Exception | None, what: str, note: str
) -> None:
    def script(_: Outgoing) -> None:
        if error:
            raise error

    message = drafted(house)
    house.notices.sending.rehearse(OLGA, message.notice.id, 1)
    run(house, REHEARSAL, script)
    shown = house.notices.reading.show(OLGA, message.notice.id)
    last = shown.events[-1]
    assert last.what == what
    assert note in last.note
    with borrowed(house.pool) as connection:
        said = [one.stage for one in outbox.waiting(connection) if one.topic == "notice"]
    assert f"history:{last.seq}" in said
    assert shown.message.waits_for == "submit"


def test_a_rehearsal_that_cannot_go_is_given_up_while_somebody_still_waits_for_it(house: House) -> None:
    message = drafted(house)
    house.notices.sending.rehearse(OLGA, message.notice.id, 1)
    for _ in range(3):
        with pytest.raises(DeliveryWaitsError):
            run(house, REHEARSAL)
        free_the_channel(house.pool)
    run(house, REHEARSAL)
    (*_, last) = house.notices.reading.show(OLGA, message.notice.id).events
    assert last.what == "rehearsal-failed"
    assert "No Slack is connected" in last.note


def test_what_a_withdrawal_left_unsent_is_said_wherever_the_notice_is_shown(house: House) -> None:
    def script(_: Outgoing) -> None:
        if not said:
            said.append(house.notices.writing.withdraw(OLGA, message.notice.id, 1).said)

    said: list[str] = []
    message = confirm(house, approve(house, drafted(house)))
    run(house, "mail", script)
    house.notices.life.tick()
    assert said == ["stopped"]
    assert states(house, message) == [("scheduled", RevisionState.SENT)]
    details = house.notices.reading.show(OLGA, message.notice.id)
    stopped = next(event for event in details.events if event.what == "stopped")
    assert stopped.note == "2 of 3 recipients had not been written to yet and will not be."
    written = notice_export.markdown(details)
    assert re.search(r"Sent to 1 of 3, then withdrawn by U0OLGA \d{4}-\d\d-\d\d \d\d:\d\d UTC", written)
    assert "Never written to: 2 recipients." in written
    text = str(render(details.message, Surroundings()).blocks)
    assert "Withdrawn while it was being sent" in text
    assert "Sent to 1 of 3, then withdrawn by <@U0OLGA>" in text
    assert "2 recipients had not been written to and will not be" in text
    with pytest.raises(UserError, match="It was withdrawn"):
        house.deliveries.retry_failed(OLGA, message.notice.id, 1)


def test_what_was_withdrawn_before_this_version_knew_it_is_known_from_the_history(house: House) -> None:
    message = confirm(house, approve(house, drafted(house)))
    house.notices.writing.withdraw(OLGA, message.notice.id, 1)
    with borrowed(house.pool) as connection:
        connection.execute("alter table dispatch drop column withdrawn_at, drop column withdrawn_by")
        connection.execute((Path(versions.__path__[0]) / "0010_withdrawals.sql").read_bytes())
    summary = house.deliveries.summary(message.notice.id, 1)
    assert summary is not None
    assert summary.withdrawn_by == OLGA.user
    assert summary.stopped == "sent to 0 of 3, then withdrawn"


def test_who_comes_to_an_audiences_file_while_mail_goes_out_gets_none(
    migrated_url: str, tmp_path: Path
) -> None:
    never = tmp_path / "never.txt"
    never.touch()
    got: list[str] = []

    def script(message: Outgoing) -> None:
        got.append(message.recipient)
        never.write_text("eve@example.com\n", encoding="utf-8")

    with notice_house(migrated_url, tmp_path, f'suppressed = "{never}"') as house:
        message = confirm(house, approve(house, drafted(house)))
        summary = house.deliveries.summary(message.notice.id, 1)
        assert summary is not None
        runner = delivery_runner_of(house)
        runner = dataclasses.replace(runner, channels=Book(script), look_seconds=0.0)
        runner.run(summary.dispatch_id, "mail")
    assert got == ["ann@example.com", "ben@example.com"]
