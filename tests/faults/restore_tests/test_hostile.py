"""A backup that means harm, from request to verdict: contained, ended and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.services import staging
from tests.support.bad_days import SLEEPS, deaf_server, rules_of, run, sleepers
from tests.support.house import back_up, prove
from tests.support.servers import Database

pytestmark = pytest.mark.faults
MIB = 1024**2


def harm(what: str) -> str:
    """A function that does it in scratch databases, and in no other."""
    return (
        "create function does() returns boolean language plpgsql as $$begin"
        f" if current_database() like 'sparewheel%' then {what}; end if; return true; end$$;"
        "create function harm(bigint) returns boolean immutable language plpgsql as"
        " $$begin return public.does(); end$$;"
    )


def test_what_it_tried_is_in_the_verdict(
    shop: Database, make_house: Callable[..., House], tmp_path: Path, on_staging: Callable[[], list[str]]
) -> None:
    house = make_house(extra='restore_test.keep_failed = "0s"')
    tmp_path.chmod(0o777)
    program = f"execute $x$copy (select 1) to program 'touch {tmp_path / 'ran'}'$x$"
    run(shop, harm(program) + "create index on loads (harm(id))")
    back_up(house, "shop")
    message = prove(house)
    assert message.test.verdict is Verdict.FAIL
    (said,) = [f for f in message.test.findings if f.rule == "FORBIDDEN_ACTION"]
    assert "run a program" in said.sentence
    assert not (tmp_path / "ran").exists()
    assert on_staging() == []


def test_what_it_tried_and_hid_is_contained_all_the_same(
    shop: Database, house: House, tmp_path: Path, on_staging: Callable[[], list[str]]
) -> None:
    """Nobody hears of an error that its own code catches; docs/restore-tests.md says so."""
    tmp_path.chmod(0o777)
    program = f"execute $x$copy (select 1) to program 'touch {tmp_path / 'ran'}'$x$"
    run(
        shop,
        harm(f"begin {program}; exception when others then null; end") + "create index on loads (harm(id))",
    )
    back_up(house, "shop")
    assert prove(house).test.verdict is Verdict.PASS
    assert not (tmp_path / "ran").exists()
    assert on_staging() == []


def test_one_that_sleeps_for_ever_is_ended_by_the_limit_that_is_configured(
    shop: Database, embedded: EmbeddedServers, make_house: Callable[..., House]
) -> None:
    house = make_house(extra='restore_test.keep_failed = "0s"\nrestore_test.longest = "2s"')
    run(shop, SLEEPS["in pg_restore"][0])
    back_up(house, "shop")
    message = prove(house)
    assert message.test.verdict is Verdict.FAIL
    assert "RESTORE_TOO_SLOW" in rules_of(message)
    assert sleepers(embedded) == 0


def test_one_that_fills_the_disk_is_ended_by_what_the_backup_may_take(
    shop: Database, make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_MOST_MORE_BYTES", 8 * MIB)
    house = make_house(extra='restore_test.keep_failed = "0s"\nrestore_test.longest = "100s"')
    flood = (
        "execute $x$create table if not exists public.flood as select repeat(md5(n::text), 50)"
        " from generate_series(1, 1000000000) n$x$"
    )
    run(shop, harm(flood) + "alter table loads add check (harm(id))")
    back_up(house, "shop")
    message = prove(house)
    assert message.test.verdict is Verdict.FAIL
    assert "RESTORE_TOO_LARGE" in rules_of(message)


def test_a_question_that_writes_is_refused(
    shop: Database, make_house: Callable[..., House], on_staging: Callable[[], list[str]]
) -> None:
    run(
        shop,
        "create function sneaks() returns bigint language sql as"
        " $$insert into loads (body) values ('x') returning id$$",
    )
    question = '[[databases.shop.checks]]\nname = "sneaks"\nsql = "select sneaks()"\nexpect = "> 0"'
    house = make_house(extra=question)
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (
        Verdict.COULD_NOT_VERIFY,
        {"CUSTOM_CHECK_NOT_RUN"},
    )
    assert on_staging() == []


@pytest.mark.parametrize(
    "road",
    [
        """create function fires() returns trigger language plpgsql as $$begin perform harm(1); return new; end$$;
        create trigger fires before insert or update on loads for each row execute function fires()""",
        "alter table loads add column hurt boolean default harm(1)",
        "create policy hurts on loads using (harm(id)); alter table loads enable row level security",
    ],
    ids=["a trigger", "a default", "a policy"],
)
def test_code_that_a_restore_has_no_need_to_run_is_never_run(
    shop: Database, house: House, tmp_path: Path, road: str
) -> None:
    """Triggers come after the rows, and COPY names every column; nothing reads as anybody but the owner."""
    tmp_path.chmod(0o777)
    run(shop, harm("raise exception 'it ran'") + road)
    back_up(house, "shop")
    message = prove(house)
    assert (message.test.verdict, rules_of(message)) == (Verdict.PASS, set())


def test_a_connection_out_reaches_nobody(
    shop: Database, make_house: Callable[..., House], on_staging: Callable[[], list[str]]
) -> None:
    house = make_house(extra='restore_test.keep_failed = "0s"')
    with deaf_server() as (port, calls):
        run(shop, harm(f"perform public.dblink_connect('host=127.0.0.1 port={port} user=x password=y')"))
        with psycopg.connect(shop.admin_url, autocommit=True) as admin:
            admin.execute("create extension dblink")
        run(shop, "create index on loads (harm(id))")
        back_up(house, "shop")
        message = prove(house)
    assert calls == []
    assert message.test.verdict is not Verdict.PASS
    (said,) = [f for f in message.test.findings if f.rule == "CALLS_OUT_LEFT_OUT"]
    assert "dblink" in f"{said.sentence} {said.subject}"
    assert on_staging() == []
