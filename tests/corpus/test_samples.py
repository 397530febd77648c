"""No rule speaks on a healthy backup of either sample database, whichever way it is brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core.backup import Kind
from bot.core.finding import Severity
from bot.core.restore_test import RestoreTestRecord
from bot.core.verdict import Verdict
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.samples import load
from bot.settings import load_configuration
from tests.support.house import Plan, back_up, folder_storage, open_house, prove
from tests.support.projects import laid_out_project, lending_role

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
    with laid_out_project(embedded) as name:
        yield name


@pytest.fixture
def tester(embedded: EmbeddedServers) -> Iterator[str]:
    with lending_role(embedded) as address:
        yield address


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


@pytest.fixture
def proved(
    template: str, sample_url: Callable[..., str], ledger_url: str, tmp_path: Path
) -> Callable[[str, str], RestoreTestRecord]:
    """`proved(name, staging)`: a restore test of a sample's newest backup into a copy of the template."""

    def prove_it(name: str, staging: str) -> RestoreTestRecord:
        way = f'\n[databases.{name}.restore_test]\nway = "customer"\ntemplate = "{template}"\n'
        plan = Plan(
            {name: sample_url(name)},
            {name: COMMON + questions(name) + way},
            folder_storage(tmp_path / "store"),
            {"TEST_STAGING": staging},
        )
        with open_house(plan, ledger_url, tmp_path) as house:
            back_up(house, name)
            return prove(house, database=name).test

    return prove_it


@pytest.mark.parametrize("name", load.SAMPLES)
def test_the_customers_part_comes_back_under_a_fresh_role(
    name: str, tester: str, proved: Callable[[str, str], RestoreTestRecord]
) -> None:
    """Rows, the trigger on auth.users, policies, grants, keys: every check is on, and none has a word to say."""
    test = proved(name, tester)
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert (test.verdict, test.way) == (Verdict.PASS, "customer")
    assert "RESTORED_AS_STAGING" not in {f.rule for f in test.findings}


@pytest.mark.parametrize("name", load.SAMPLES)
def test_where_no_rights_can_be_lent_stagings_own_role_does_it_and_says_so(
    name: str, embedded: EmbeddedServers, proved: Callable[[str, str], RestoreTestRecord]
) -> None:
    """As on a hosted project: its only login is the template's owner itself."""
    test = proved(name, embedded.staging_url)
    assert [f for f in test.findings if f.severity is not Severity.NOTE] == []
    assert test.verdict is Verdict.PASS
    assert "RESTORED_AS_STAGING" in {f.rule for f in test.findings}
