"""No rule speaks on a healthy backup of either sample database, whichever way it is brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.core.backup import Kind
from bot.core.finding import Severity
from bot.core.ids import new_id
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load
from bot.settings import load_configuration
from tests.support.house import Plan, back_up, folder_storage, open_house, prove

COMMON = """
staging_url_env = "TEST_STAGING"
platform = "supabase"
rto = "4h"
fingerprints = "all"
"""
# The chain is the one of examples/cruzonic.toml; the samples' dates lie too far back for the rest of it.
EXAMPLES = Path(__file__).parents[2] / "examples"
QUESTIONS = {
    "cruzonic": """
critical = ["eld_events", "log_periods", "audit_log", "certifications", "eld_records", "audit_entries"]
[[databases.cruzonic.date_ranges]]
table = "eld_events"
column = "event_timestamp"
reaches_back = "184d"
[[databases.cruzonic.hash_chains]]
name = "audit_log"
sql = EXAMPLE
[[databases.cruzonic.checks]]
name = "no event from the future"
sql = "select count(*) from eld_events where event_timestamp > now() + interval '1 day'"
expect = "== 0"
""",
    "fleetnest": """
critical = ["loads", "driver_period_calculations"]
[[databases.fleetnest.checks]]
name = "loads of a company"
sql = "select count(*) from loads where company_id is null"
expect = "== 0"
""",
}


def questions(name: str) -> str:
    """What the configuration asks of a sample."""
    (chain,) = load_configuration(EXAMPLES / "cruzonic.toml").databases["cruzonic"].hash_chains
    return QUESTIONS[name].replace("EXAMPLE", f"'''{chain.sql}'''")


@pytest.fixture
def template(embedded: EmbeddedServers) -> Iterator[str]:
    """A fresh project on staging, in which postgres may make policies as Supabase lets it."""
    name = f"project_{new_id()}"
    cluster = embedded.staging
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as admin:
        load.create_like_supabase(admin, cluster.conninfo, name)
        admin.execute("grant supabase_storage_admin to postgres with inherit true, set false")
        try:
            yield name
        finally:
            admin.execute("revoke supabase_storage_admin from postgres")
            admin.execute(f"drop database {name}")


@pytest.mark.parametrize("kind", [Kind.FULL, Kind.CRITICAL, Kind.SCHEMA])
@pytest.mark.parametrize("name", load.SAMPLES)
def test_a_healthy_backup_of_a_sample_meets_no_rule(
    name: str,
    kind: Kind,
    sample_url: Callable[..., str],
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
) -> None:
    # What asks for rows in particular is for backups that have them.
    asked = questions(name) if kind is Kind.FULL else QUESTIONS[name].partition("[[")[0]
    plan = Plan(
        {name: sample_url(name)},
        {name: COMMON + asked},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        record = back_up(house, name, kind)
        test = prove(house, record.id).test
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert test.verdict is Verdict.PASS


@pytest.mark.parametrize("name", load.SAMPLES)
def test_the_customers_part_of_a_sample_meets_no_rule(
    name: str,
    template: str,
    sample_url: Callable[..., str],
    embedded: EmbeddedServers,
    ledger_url: str,
    tmp_path: Path,
) -> None:
    way = f'\n[databases.{name}.restore_test]\nway = "customer"\ntemplate = "{template}"\n'
    plan = Plan(
        {name: sample_url(name)},
        {name: COMMON + questions(name) + way},
        folder_storage(tmp_path / "store"),
        {"TEST_STAGING": embedded.staging_url},
    )
    with open_house(plan, ledger_url, tmp_path) as house:
        back_up(house, name)
        test = prove(house, database=name).test
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert test.verdict is Verdict.PASS
