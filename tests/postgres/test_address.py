from __future__ import annotations

import socket
import threading
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    ConfigurationError,
    DatabaseError,
    LockTimeoutError,
    LoginRefusedError,
    RightsError,
    SparewheelError,
    TableMissingError,
    UnreachableError,
)
from bot.postgres import address
from tests.support.servers import Database

SECRET = "p@ss/w#rd%?:x"

_words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(_words, _words, _words.filter(lambda name: "@" not in name))
def test_percent_encoded_parts_come_back(user: str, password: str, database: str) -> None:
    parts = [quote(part, safe="") for part in (user, password, database)]
    parsed = address.parse(f"postgresql://{parts[0]}:{parts[1]}@db.example:6000/{parts[2]}")
    assert (parsed.user, parsed.password, parsed.database) == (user, password, database)
    assert (parsed.host, parsed.port) == ("db.example", 6000)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:SECRETX@h/d",
        "postgresql://u:SECRETX@SECRETX@h/d",
        "postgresql://u:SECRETX/SECRETX@h/d",
        "postgresql://u:SECRETX%zz@h/d",
        "postgresql://u:SECRETX@h:port/d",
        "postgresql://u:SECRETX@h:99999x/d",
        "postgresql://u:SECRETX@h/d?pgbouncer=true",
        "postgresql://u:SECRETX@h1,h2/d",
        "postgresql://u:SECRETX@h",
        "postgresql://:SECRETX@h/d",
        "postgresql://u:SECRETX@/d",
        "postgresql://h/d",
        "SECRETX",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        address.parse(url, variable="CRUZONIC_DATABASE_URL")
    assert "CRUZONIC_DATABASE_URL" in caught.value.sentence
    assert "SECRETX" not in caught.value.sentence + caught.value.next_step + caught.value.cause


def test_nothing_printed_shows_the_password() -> None:
    parsed = address.parse(
        f"postgresql://u:{quote(SECRET, safe='')}@h/d?sslmode=require&options=-c%20x.y%3D1"
    )
    assert parsed.password == SECRET
    assert SECRET not in f"{parsed!r} {parsed!s} {parsed.child_conninfo()}"
    assert parsed.child_environment()["PGPASSWORD"] == SECRET
    assert parsed.child_environment()["PGSSLMODE"] == "require"
    assert SECRET not in parsed.redact(f"a {SECRET} b {quote(SECRET, safe='')}")


def test_the_session_is_fixed_whatever_role_and_database_say(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        for setting in (
            "statement_timeout = '5s'",
            "idle_in_transaction_session_timeout = '5s'",
            "transaction_timeout = '5s'",
            "\"TimeZone\" = 'Asia/Tokyo'",
            "bytea_output = 'escape'",
            "search_path = 'nowhere'",
            "\"DateStyle\" = 'German'",
        ):
            admin.execute(f'alter database "{fresh_database.name}" set {setting}')
    with address.connect(address.parse(fresh_database.url), application_name="sparewheel test") as conn:
        names = [*address._SESSION, *address._LATER_SESSION, "application_name"]
        found = {name: conn.execute("select current_setting(%s)", [name]).fetchone() for name in names}
    later = dict.fromkeys(address._LATER_SESSION, "0")
    wanted = {**address._SESSION, **later, "application_name": "sparewheel test"}
    assert {name: row[0] for name, row in found.items() if row} == wanted


def connecting(url: str) -> SparewheelError:
    with pytest.raises(DatabaseError) as caught:
        address.connect(address.parse(url)).close()
    return caught.value


def test_wrong_password_unknown_role_and_unknown_database(fresh_database: Database) -> None:
    wrong = connecting(fresh_database.url.replace("@", "XYZZY@", 1))
    assert isinstance(wrong, LoginRefusedError)
    assert "XYZZY" not in wrong.cause + wrong.sentence
    assert isinstance(connecting(fresh_database.url.replace("//postgres:", "//nobody1:")), LoginRefusedError)
    missing = connecting(fresh_database.url.replace(fresh_database.name, "no_such_db"))
    assert isinstance(missing, LoginRefusedError)
    assert "no database" in missing.sentence


def test_refused_and_unknown_hosts() -> None:
    assert "refused" in connecting("postgresql://u:p@127.0.0.1:1/d").sentence
    assert "no host" in connecting("postgresql://u:p@no-such-host.invalid/d").sentence


def test_no_route() -> None:
    """TEST-NET and a documentation prefix: nothing on the way there answers, or there is no way at all."""
    error = connecting("postgresql://u:p@[2001:db8::1]:5432/d?connect_timeout=2")
    assert isinstance(error, UnreachableError)


def test_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        error = connecting(f"postgresql://u:p@127.0.0.1:{port}/d?connect_timeout=2")
    assert isinstance(error, UnreachableError)
    assert "in time" in error.sentence


def _hang_up(listener: socket.socket) -> None:
    listener.accept()[0].close()


def test_a_server_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        hanging_up = threading.Thread(target=_hang_up, args=[listener])
        hanging_up.start()
        error = connecting(f"postgresql://u:p@127.0.0.1:{port}/d?sslmode=disable")
        hanging_up.join()
    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("select 1 from pg_catalog.pg_authid", RightsError),
        ("select 1 from public.nowhere", TableMissingError),
        ("select pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())", UnreachableError),
        ("set lock_timeout = 1; lock table public.held", LockTimeoutError),
        ("select 'row-secret'::pg_catalog.int4", DatabaseError),
    ],
)
def test_errors_are_translated_without_rows(
    fresh_database: Database, statement: str, kind: type[SparewheelError]
) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as holder:
        holder.execute("create table public.held (id int)")
        with holder.transaction(), address.connect(to) as conn:
            holder.execute("lock table public.held")
            with pytest.raises(psycopg.Error) as caught:
                conn.execute(statement.encode())
    error = address.translate(caught.value, to)
    assert isinstance(error, kind)
    assert error.sentence
    assert error.next_step or kind is DatabaseError
    assert "row-secret" not in error.sentence + error.cause


def test_the_table_without_rights_is_named(fresh_database: Database) -> None:
    to = address.parse(fresh_database.url)
    with address.connect(to) as conn, pytest.raises(psycopg.Error) as caught:
        conn.execute("select 1 from pg_catalog.pg_authid")
    assert "pg_authid" in address.translate(caught.value, to).sentence
