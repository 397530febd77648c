"""Who receives a notice: each once, and nobody who cannot or must not be written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.channels.open import ConfiguredChannels
from bot.core.people import Actor, Role, Source
from bot.errors import ConfigurationError, DatabaseError, NotFoundError, UserError
from bot.ledger import audit
from bot.ledger.connection import LedgerPool, borrowed, open_pool
from bot.services.access import Gate
from bot.services.recipients import Recipients, sift
from bot.services.suppressing import Suppressing
from bot.settings.channels import AudienceSettings, SlackChannelSettings
from tests.support.deliver_child import channels
from tests.support.servers import Database

OLGA = Actor("T0TEST", "U0OLGA", Source.SLACK, frozenset({Role.OPERATOR}))
MAIL = channels(25).settings["mail"]
SLACK = SlackChannelSettings(type="slack", channels=("C0CUSTOMERS", "C0SHARED"))

Ask = Callable[..., Recipients]


@pytest.fixture
def pool(ledger_url: str) -> Iterator[LedgerPool]:
    with open_pool(ledger_url) as opened:
        yield opened


@pytest.fixture
def ask(pool: LedgerPool, fresh_database: Database) -> Ask:
    def made(**audiences: dict[str, object]) -> Recipients:
        configured = ConfiguredChannels({"mail": MAIL, "slack": SLACK}, {})
        settings = {
            name: AudienceSettings.model_validate({"channels": ["mail"]} | given)
            for name, given in audiences.items()
        }
        return Recipients(pool, settings, configured, {"CUSTOMERS_URL": fresh_database.url})

    return made


def test_addresses_are_merged_sorted_out_and_left_in_their_order() -> None:
    found = sift(
        ["Ann@Example.com", " ann@example.com", "nobody", "", "x@localhost", "ben@exämple.com", "ünï@example.com",
         "eve@example.com\r\nBcc: a@b.example", "a@b.example, c@d.example", "sue@example.com"],
        frozenset({"sue@example.com"}),
    )  # fmt: skip
    assert found.valid == ("Ann@example.com", "ben@xn--exmple-cua.com")
    assert found.suppressed == ("sue@example.com",)
    assert found.repeated == 1
    assert len(found.invalid) == 6
    assert all("\n" not in each for each in found.invalid)


def test_a_csv_file_and_channels_that_need_no_addresses(ask: Ask, tmp_path: Path) -> None:
    people, never = tmp_path / "people.csv", tmp_path / "never.txt"
    people.write_text(
        '\ufeffName, Email \n"Lee, Ann",ann@example.com\nBen,ben@example.com\nSue,\n', encoding="utf-8"
    )
    never.write_text("# left us\nBEN@example.com\n", encoding="utf-8")
    recipients = ask(all={"csv": people, "suppressed": never, "channels": ["mail", "slack"]})
    found = recipients.resolve(["all"])
    assert found.recipients == {"mail": ("ann@example.com",), "slack": ("C0CUSTOMERS", "C0SHARED")}
    assert (found.total, found.suppressed, found.invalid) == (3, 1, ("(empty)",))
    assert recipients.resolve(["all"], ["slack"]).counts == {"slack": 2}
    assert "ann@example.com" not in repr(found)


def test_who_is_in_two_audiences_gets_one(ask: Ask, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(
            f"email\nANN@example.com\n{name}@example.com\n", encoding="utf-8"
        )
    found = ask(one={"csv": tmp_path / "one.csv"}, two={"csv": tmp_path / "two.csv"}).resolve(["one", "two"])
    assert found.recipients["mail"] == ("ANN@example.com", "one@example.com", "two@example.com")


def test_an_sql_query_reads_and_cannot_write(ask: Ask, fresh_database: Database) -> None:
    import psycopg

    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("create table customers (email text, active boolean)")
        connection.execute(
            "insert into customers values ('ann@example.com', true), ('ben@example.com', false)"
        )

        connection.execute(
            "create function take() returns text language sql as 'delete from customers returning email'"
        )

    def asking(sql: str) -> Recipients:
        return ask(all={"sql": sql, "url_env": "CUSTOMERS_URL"})

    found = asking("select email from customers where active and email like '%@%';").resolve(["all"])
    assert found.recipients["mail"] == ("ann@example.com",)
    for sql in (
        "delete from customers returning email",
        "with gone as (delete from customers returning email) select email from gone",
        "select 'x') as a limit 1; commit; delete from customers; select ('y'",
        "select take() as email",
        "select no_such_column from customers",
    ):
        with pytest.raises(DatabaseError, match="audience all failed"):
            asking(sql).resolve(["all"])
    with psycopg.connect(fresh_database.url) as connection:
        row = connection.execute("select count(*) from customers").fetchone()
    assert row == (2,)


def test_what_is_wrong_is_said_with_its_place(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name\nAnn\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has no column email; its first line names: name"):
        ask(all={"csv": file}).resolve(["all"])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ask(all={"csv": tmp_path / "missing.csv"}).resolve(["all"])
    with pytest.raises(ConfigurationError, match="NOT_SET is not set"):
        ask(all={"sql": "select 1", "url_env": "NOT_SET"}).resolve(["all"])
    with pytest.raises(NotFoundError, match="no audience called nobody"):
        ask(all={"csv": file}).resolve(["nobody"])


def test_who_asks_to_be_left_alone_is(ask: Ask, pool: LedgerPool, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email\nann@example.com\nben@example.com\n", encoding="utf-8")
    suppressing = Suppressing(pool, Gate(pool))
    assert suppressing.add(OLGA, "Ann@Example.com", "asked by phone")
    assert not suppressing.add(OLGA, "ann@example.com", "again")
    assert ask(all={"csv": file}).resolve(["all"]).recipients["mail"] == ("ben@example.com",)
    assert suppressing.remove(OLGA, "ann@example.com")
    assert ask(all={"csv": file}).resolve(["all"]).total == 2
    with pytest.raises(UserError, match="no mail address"):
        suppressing.add(OLGA, "nobody", "x")
    with borrowed(pool) as connection:
        events = audit.recent(connection, subject="notice:suppressions")
    assert [event.action for event in events][-1] == "notice.suppressed"
    assert "ann@" not in str(events)


def test_the_file_of_any_audience_keeps_an_address_out_of_all(ask: Ask, tmp_path: Path) -> None:
    people, never = tmp_path / "people.csv", tmp_path / "never.txt"
    people.write_text("email\nann@example.com\nben@exämple.com\n", encoding="utf-8")
    never.write_text(" Ann@Example.com \nben@exämple.com\n", encoding="utf-8")
    recipients = ask(all={"csv": people}, page={"channels": ["slack"], "suppressed": never})
    assert recipients.unwanted() == {"ann@example.com", "ben@xn--exmple-cua.com"}
    assert recipients.resolve(["all"]).recipients["mail"] == ()
    before = recipients.unwanted_stamp()
    assert recipients.unwanted_stamp() == before
    never.write_text("ann@example.com\nben@exämple.com\neve@example.com\n", encoding="utf-8")
    assert recipients.unwanted_stamp() != before
    never.unlink()
    assert recipients.unwanted_stamp() == (None,)
    with pytest.raises(ConfigurationError, match=r"never\.txt cannot be read"):
        recipients.resolve(["all"])
