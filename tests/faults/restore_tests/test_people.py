"""Restore tests at the same time, cancelled, or asked for by whom they are not for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.restore_test import RestoreTestMessage, Step
from bot.core.verdict import Verdict
from bot.errors import NotAllowedError, UserError
from bot.ledger import audit
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import proving
from tests.support.bad_days import (
    SLEEPS,
    held_at,
    rules_of,
    run,
    sleepers,
    wait_for,
)
from tests.support.gates import Gate, gated_runner
from tests.support.house import (
    OMAR,
    VERA,
    back_up,
    prove,
)
from tests.support.servers import Database

pytestmark = pytest.mark.faults


def test_two_tests_at_once(house: House, on_staging: Callable[[], list[str]]) -> None:
    back_up(house, "shop")
    asked = [house.restore_tests.request(OMAR).test.id for _ in range(2)]
    ended: list[RestoreTestMessage] = []
    threads = [
        threading.Thread(target=lambda i=i: ended.append(house.restore_tester.run(i, lambda _: None)))
        for i in asked
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [message.test.verdict for message in ended] == [Verdict.PASS] * 2
    assert on_staging() == []


def test_a_test_during_a_backup_of_the_same_database(house: House) -> None:
    back_up(house, "shop")
    gate = Gate()
    asked = house.backups.request(OMAR, kind=house.backups.recent(OMAR).records[0].kind, database="shop")
    thread = threading.Thread(target=lambda: gated_runner(house, gate).run(asked.record.id, lambda _: None))
    thread.start()
    try:
        assert gate.reached.wait(60)
        assert prove(house).test.verdict is Verdict.PASS
    finally:
        gate.opened.set()
        thread.join(60)
    assert house.backups.message(asked.record.id).record.state == "stored"


@pytest.mark.parametrize("step", [Step.FETCHING, Step.PREPARING, Step.RESTORING, Step.CHECKING])
def test_a_cancel_ends_it_and_leaves_nothing(
    house: House, on_staging: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    record = back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    ended: list[RestoreTestMessage] = []
    with held_at(step, monkeypatch) as (reached, go):
        thread = threading.Thread(
            target=lambda: ended.append(house.restore_tester.run(asked.test.id, lambda _: None))
        )
        thread.start()
        assert reached.wait(60)
        assert house.restore_tests.cancel(OMAR, record.id[:4]).was_queued is False
        if step is Step.PREPARING:  # nothing is made for somebody who has said stop
            monkeypatch.setattr(proving.scratch, "create", lambda *_, **__: pytest.fail("it was made"))
        go.set()
        thread.join(120)
    assert (ended[0].test.verdict, rules_of(ended[0])) == (Verdict.COULD_NOT_VERIFY, {"CANCELLED"})
    assert "U0OMAR" in ended[0].test.findings[0].sentence
    assert on_staging() == []
    assert house.backups.message(record.id).record.goodness == "stored"


def test_a_waiting_test_is_cancelled_at_once_and_never_run(house: House) -> None:
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    view = house.restore_tests.cancel(OMAR)
    assert (view.was_queued, view.message.test.verdict) == (True, Verdict.COULD_NOT_VERIFY)
    assert house.restore_tester.run(asked.test.id, lambda _: None).test.started_at is None
    with pytest.raises(UserError, match="over already"):
        house.restore_tests.cancel(OMAR, asked.test.id)


def test_who_may_not_is_refused_and_written_down(house: House) -> None:
    back_up(house, "shop")
    with pytest.raises(NotAllowedError):
        house.restore_tests.request(VERA)
    with house.pool.connection() as connection:
        assert audit.recent(connection)[0].action == "access.refused"
        assert audit.verify(connection).whole


def test_no_password_anywhere(
    house: House, embedded: EmbeddedServers, ledger_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = str(psycopg.conninfo.conninfo_to_dict(embedded.staging_url)["password"])
    caplog.set_level("DEBUG")
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    with held_at(Step.CHECKING, monkeypatch) as (reached, go):
        thread = threading.Thread(target=lambda: house.restore_tester.run(asked.test.id, lambda _: None))
        thread.start()
        assert reached.wait(60)
        go.set()
        thread.join(120)
    seen = [repr(house.restore_tests.message(asked.test.id)), caplog.text]
    seen += [path.read_text() for path in (tmp_path / "store").rglob("*.json")]
    with psycopg.connect(ledger_url) as connection:
        for table in ("restore_test", "audit_event", "outbox", "procrastinate_jobs"):
            seen += [str(row) for row in connection.execute(f"select * from sparewheel.{table}".encode())]
    assert not [text for text in seen if secret in text]


@pytest.mark.parametrize("where", SLEEPS)
def test_a_cancel_in_the_middle_of_it(
    shop: Database,
    embedded: EmbeddedServers,
    make_house: Callable[..., House],
    on_staging: Callable[[], list[str]],
    where: str,
) -> None:
    statements, toml = SLEEPS[where]
    run(shop, statements)
    house = make_house(extra=toml)
    back_up(house, "shop")
    asked = house.restore_tests.request(OMAR)
    thread = threading.Thread(target=lambda: house.restore_tester.run(asked.test.id, lambda _: None))
    thread.start()
    wait_for(lambda: sleepers(embedded) == 1)
    house.restore_tests.cancel(OMAR)
    thread.join(60)
    message = house.restore_tests.message(asked.test.id)
    assert (message.test.verdict, rules_of(message)) == (Verdict.COULD_NOT_VERIFY, {"CANCELLED"})
    assert (on_staging(), sleepers(embedded)) == ([], 0)
