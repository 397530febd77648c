from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.errors import LoginRefusedError, PoolerError, UnreachableError
from bot.platforms.interface import Platform
from bot.platforms.plain import Plain
from bot.platforms.supabase import Supabase


@dataclass(frozen=True)
class Somewhere:
    host: str
    port: int
    user: str


DIRECT = Somewhere("db.abcdefghijklmnop.supabase.co", 5432, "postgres")
SESSION = Somewhere("aws-0-us-east-1.pooler.supabase.com", 5432, "postgres.abcdefghijklmnop")
TRANSACTION = Somewhere("aws-0-us-east-1.pooler.supabase.com", 6543, "postgres.abcdefghijklmnop")
OLD_TRANSACTION = Somewhere("db.abcdefghijklmnop.supabase.co", 6543, "postgres")


@pytest.mark.parametrize("place", [TRANSACTION, OLD_TRANSACTION])
def test_the_transaction_pooler_is_refused_with_the_address_to_use(place: Somewhere) -> None:
    with pytest.raises(PoolerError) as caught:
        Supabase().check_address(place)
    assert "port 5432" in caught.value.next_step
    assert "postgres.abcdefghijklmnop" in caught.value.next_step


@pytest.mark.parametrize("place", [DIRECT, SESSION, Somewhere("127.0.0.1", 6543, "postgres")])
def test_other_addresses_are_taken(place: Somewhere) -> None:
    Supabase().check_address(place)


def test_an_unreachable_direct_host_leads_to_the_session_pooler() -> None:
    step = Supabase().next_step(UnreachableError("no way"), DIRECT)
    assert step
    assert "IPv6" in step
    assert "postgres.abcdefghijklmnop" in step
    assert Supabase().next_step(UnreachableError("no way"), SESSION) is None


def test_the_poolers_user_holds_the_project() -> None:
    step = Supabase().next_step(LoginRefusedError("no"), Somewhere(SESSION.host, 5432, "postgres"))
    assert step
    assert "postgres.<project ref>" in step
    assert Supabase().next_step(LoginRefusedError("no"), SESSION) is None


def test_whose_schemas_and_roles() -> None:
    supabase = Supabase()
    assert supabase.is_platform_schema("auth")
    assert not supabase.is_platform_schema("public")
    assert not supabase.is_platform_schema("supabase_migrations")
    assert [name for name in ("public", "auth", "supabase_migrations") if supabase.wants_tiers(name)] == [
        "public"
    ]
    assert supabase.owner_is_platform("supabase_auth_admin")
    assert supabase.owner_is_platform("service_role")
    assert not supabase.owner_is_platform("postgres")


@pytest.mark.parametrize("platform", [Plain(), Supabase()])
def test_both_are_platforms(platform: Platform) -> None:
    assert platform.name in ("plain", "supabase")


def test_plain_knows_nothing_more() -> None:
    plain = Plain()
    plain.check_address(TRANSACTION)
    assert not plain.is_platform_schema("auth")
    assert not plain.owner_is_platform("supabase_admin")
    assert plain.next_step(UnreachableError("no way"), DIRECT) is None


@pytest.mark.parametrize(
    ("schema", "table", "brought"),
    [
        ("auth", "users", True),
        ("auth", "schema_migrations", False),
        ("storage", "objects", True),
        ("storage", "migrations", False),
        ("vault", "secrets", False),
        ("cron", "job", False),
    ],
)
def test_people_and_files_are_the_customers_rows(schema: str, table: str, brought: bool) -> None:
    assert Supabase().brings_rows(schema, table) is brought
