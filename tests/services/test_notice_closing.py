"""A matter that cannot go on: its product, kind or audience left the configuration, and it still ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import House
from bot.cli.doctor import findings
from bot.core.notices import NoticePhase, RevisionState
from bot.errors import NotAllowedError, UserError
from bot.ledger.connection import borrowed
from bot.services.notice_forms import NoticeForms, NoticeStart
from bot.settings.notices import NoticesSettings
from tests.support.notices import (
    ALL,
    HOUR,
    OLGA,
    VERA,
    actions,
    approve,
    asks,
    confirm,
    later,
    notice_house,
    now_of,
    out,
    outage,
    sent,
    states,
    tick,
    works,
)


@pytest.fixture
def house(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with notice_house(migrated_url, tmp_path, '[notices]\nreminders = ["1h"]') as opened:
        yield opened


@pytest.fixture
def emptied(migrated_url: str, tmp_path: Path) -> Iterator[House]:
    """The same ledger, found by a house whose configuration knows another product and audience."""
    with notice_house(migrated_url, tmp_path) as opened:
        configuration = opened.configuration
        products = dict(configuration.notices.products)
        settings = NoticesSettings(products={"other": products["fleetnest"]})
        changed = {"notices": settings, "audiences": {"others": configuration.audiences["customers"]}}
        opened.__dict__["configuration"] = configuration.model_copy(update=changed)
        yield opened


def forms_of(house: House) -> NoticeForms:
    return NoticeForms(house.pool, house.configuration, house.notice_texts)


def notices_look(house: House) -> str:
    return next(f"{one.verdict} {one.sentence}" for one in findings(house) if one.what == "notices")


def test_a_matter_without_its_product_is_named_and_closed(house: House, emptied: House) -> None:
    start = datetime.now(UTC) + 10 * HOUR
    message = sent(house, works(start=start, follow_ups=ALL))
    assert notices_look(house).startswith("PASS")
    gone = now_of(emptied, message)
    assert gone.missing == ("the product fleetnest", "the audience customers")
    assert f"FAIL Notices that are not over miss parts of the configuration: {message.notice.id} lacks" in (
        notices_look(emptied)
    )
    with pytest.raises(UserError, match="product fleetnest left the configuration") as caught:
        forms_of(emptied).update(gone.notice)
    assert f"/notice close {message.notice.id}" in caught.value.next_step
    assert emptied.notices.closing.close(OLGA, message.notice.id, "").said == "closed"
    over = now_of(emptied, message)
    assert (over.notice.phase, over.missing) == (NoticePhase.OVER, ())
    assert {state for _, state in states(emptied, message)[1:]} == {RevisionState.WITHDRAWN}
    tick(emptied, start + 3 * HOUR)
    assert (asks(emptied), out(emptied, message)) == ([], [1])
    assert "lacks" not in notices_look(emptied)
    written = emptied.notices.reading.show(OLGA, message.notice.id).events[-1]
    assert (written.what, written.note.split()[:3]) == ("closed", ["The", "product", "fleetnest,"])
    assert actions(emptied)[-1] == "notice.closed"


def test_a_draft_without_its_product_is_withdrawn(house: House, emptied: House) -> None:
    message = approve(house, house.notices.writing.draft(OLGA, works(), "k1"))
    with pytest.raises(UserError, match="nothing to close"):
        emptied.notices.closing.close(OLGA, message.notice.id, "gone")
    emptied.notices.writing.withdraw(OLGA, message.notice.id, 1)
    assert now_of(emptied, message).notice.phase is NoticePhase.WITHDRAWN


def test_another_audience_can_be_told_where_only_the_audience_is_gone(house: House, emptied: House) -> None:
    message = sent(house, outage())
    products = {"fleetnest": emptied.configuration.notices.products["other"]}
    notices = emptied.configuration.notices.model_copy(update={"products": products})
    changed = emptied.configuration.model_copy(update={"notices": notices})
    form = NoticeForms(emptied.pool, changed, emptied.notice_texts).update(message.notice)
    assert isinstance(form, NoticeStart)


def test_closing_takes_a_reason_and_lets_a_text_on_its_way_arrive(house: House) -> None:
    message = confirm(house, approve(house, house.notices.writing.draft(OLGA, outage(), "k1")))
    with pytest.raises(UserError, match="on its way to customers"):
        house.notices.closing.close(OLGA, message.notice.id, "enough")
    out(house, message)
    with pytest.raises(UserError, match="takes a reason"):
        house.notices.closing.close(OLGA, message.notice.id, " ")
    with pytest.raises(NotAllowedError):
        house.notices.closing.close(VERA, message.notice.id, "enough")
    typed = later(message, "monitoring", fix="A larger disk.")
    asked = house.notices.writing.follow_up(OLGA, message.notice.id, typed, "f1")
    asked = approve(house, asked)
    house.notices.closing.close(OLGA, message.notice.id, "told by phone")
    assert now_of(house, message).notice.phase is NoticePhase.OVER
    assert states(house, message)[-1] == ("monitoring", RevisionState.WITHDRAWN)
    shown = house.notices.reading.show(OLGA, message.notice.id)
    assert [one.state.value for one in shown.approvals if one.subject.endswith(".2")] == ["void"]
    with pytest.raises(UserError, match="is over already"):
        house.notices.closing.close(OLGA, message.notice.id, "again")


def test_a_kind_whose_folder_is_gone_is_missed_too(house: House) -> None:
    message = sent(house, outage())
    with borrowed(house.pool) as connection:
        connection.execute("update notice set kind = 'party'")
    assert now_of(house, message).missing == ("the kind party",)
    with pytest.raises(UserError, match="the kind party left the configuration"):
        forms_of(house).update(now_of(house, message).notice)
    house.notices.closing.close(OLGA, message.notice.id, "")
    assert now_of(house, message).notice.phase is NoticePhase.OVER
