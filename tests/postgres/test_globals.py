from __future__ import annotations

import json

import psycopg
import pytest

from bot.errors import DatabaseError, LoginRefusedError
from bot.postgres import address
from bot.postgres.globals import _without_secrets, roles_sql, settings
from tests.postgres.test_dump import client
from tests.support.servers import Database


@pytest.mark.parametrize(("fixture", "major"), [("fresh_database", 17), ("fresh_database15", 15)])
def test_roles_come_without_passwords_and_secrets(
    fixture: str, major: int, request: pytest.FixtureRequest
) -> None:
    database: Database = request.getfixturevalue(fixture)
    role = f"keeper_{database.name}"
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"create role {role} login password 'hush-hush'")
        admin.execute(f"alter role {role} set app.jwt_secret = 'very-secret'")
        admin.execute(f"alter role {role} set statement_timeout = '8s'")
        try:
            text = roles_sql(client(major), address.parse(database.url))
        finally:
            admin.execute(f"drop role {role}")
    assert f"CREATE ROLE {role};" in text
    assert "statement_timeout" in text
    assert "withheld: a setting named" in text
    for secret in ("hush-hush", "very-secret", "SCRAM-SHA-256", address.parse(database.url).password):
        assert secret
        assert secret not in text


def test_a_password_in_the_list_is_never_kept() -> None:
    with pytest.raises(DatabaseError, match="holds a password"):
        _without_secrets("CREATE ROLE x;\nALTER ROLE x WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096';\n")


def test_roles_of_a_database_with_an_odd_name(fresh_database: Database) -> None:
    odd = "dbname=x host=nowhere 'y'"
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute(f'create database "{odd}"')
        try:
            url = fresh_database.url.replace(fresh_database.name, "dbname%3Dx%20host%3Dnowhere%20%27y%27")
            assert "CREATE ROLE" in roles_sql(client(17), address.parse(url))
        finally:
            admin.execute(f'drop database "{odd}" with (force)')


def test_a_refused_login_is_told(fresh_database: Database) -> None:
    with pytest.raises(LoginRefusedError):
        roles_sql(client(17), address.parse(fresh_database.url.replace("@", "no@", 1)))


@pytest.mark.parametrize("fixture", ["fresh_database", "fresh_database15"])
def test_settings_without_secrets(fixture: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(fixture)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"alter database \"{database.name}\" set app.settings.jwt_secret = 'very-secret'")
        admin.execute(f"alter database \"{database.name}\" set work_mem = '7MB'")
    with address.connect(address.parse(database.url)) as conn:
        found = settings(conn)
    assert found["database"]["name"] == database.name
    assert found["database"]["owner"] == "postgres"
    by_name = {setting["name"]: setting for setting in found["settings"] if setting["database"]}
    assert by_name["work_mem"]["value"] == "7MB"
    assert by_name["app.settings.jwt_secret"]["withheld"]
    assert "very-secret" not in json.dumps(found)
