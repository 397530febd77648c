"""No secret that somebody keeps in a database's definitions or settings comes into the manifest."""

from __future__ import annotations

from pathlib import Path

import psycopg

from bot.services.backups import read_manifest
from tests.support.house import Plan, back_up, folder_storage, open_house
from tests.support.servers import Database

PLACES = {
    "trigger": "create trigger calling after insert on public.t for each row execute function "
    "public.call('https://hook.example', 'POST', '{{\"Authorization\":\"Bearer {secret}\"}}')",
    "view": "create view public.v as select '{secret}'::text as s",
    "default": "create table public.d (a text default '{secret}')",
    "generated": "create table public.g (a text, b text generated always as (a || '{secret}') stored)",
    "check": "alter table public.t add constraint c check (a <> '{secret}')",
    "policy": "create policy p on public.t using (a = '{secret}') with check (a <> '{secret}')",
    "rule": "create rule r as on delete to public.t do instead insert into public.t values ('{secret}')",
    "comment": "comment on table public.t is '{secret}'",
    "database-comment": "comment on database {database} is '{secret}'",
    "role-comment": "comment on role {role} is '{secret}'",
    "index": "create index i on public.t (a) where a <> '{secret}'",
    "partition": "create table public.p1 partition of public.parts for values in ('{secret}')",
    "domain": "create domain public.w as text default '{secret}' check (value <> '{secret}')",
    "body": "create function public.f() returns text language sql as $$ select '{secret}' $$",
    "argument": "create function public.h(a text default '{secret}') returns text language sql return a",
    "function-setting": "create function public.k() returns text language sql set app.x = '{secret}' "
    "as $$ select '' $$",
    "database-setting": "alter database {database} set app.dsn = 'postgres://svc:{secret}@db/x'",
    "role-setting": "alter role {role} set app.x = E'first line\\n{secret}; next'",
    "role-value": "alter role {role} set application_name = 'https://hooks.slack.com/services/T0/{secret}'",
    "mapping": "create user mapping for {role} server s options (user 'u', password '{secret}')",
    "server": "create server s2 foreign data wrapper postgres_fdw options (host '{secret}')",
    "subscription": "create subscription {database} connection 'host=127.0.0.1 port=9 password={secret}' "
    "publication p with (connect = false)",
}
GROUND = """
create table public.t (a text);
create table public.parts (a text) partition by list (a);
create function public.call() returns trigger language plpgsql as $$ begin return new; end $$;
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host 'x');
"""


def test_the_whole_manifest_holds_none_of_them(
    fresh_database: Database, ledger_url: str, tmp_path: Path
) -> None:
    role = f"keeper_{fresh_database.name}"
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute(GROUND)
        admin.execute(f"create role {role} login")
        try:
            for place, statement in PLACES.items():
                secret = f"planted-{place}-hunter2"
                filled = statement.format(secret=secret, database=fresh_database.name, role=role)
                admin.execute(filled.encode())
            found = _manifest(fresh_database, ledger_url, tmp_path)
        finally:
            name = fresh_database.name
            admin.execute(f"alter subscription {name} set (slot_name = none)".encode())
            admin.execute(f"drop subscription {name}".encode())
            admin.execute(f"drop owned by {role}".encode())
            admin.execute(f"drop role {role}".encode())
    assert f"CREATE ROLE {role}" in found
    assert [place for place in PLACES if f"planted-{place}-hunter2" in found] == []
    assert "hunter2" not in found


def _manifest(database: Database, ledger_url: str, folder: Path) -> str:
    plan = Plan({"one": database.admin_url}, {"one": ""}, folder_storage(folder / "archives"))
    with open_house(plan, ledger_url, folder) as house:
        record = back_up(house, "one")
        return read_manifest(house.store, record).to_json().decode()
