"""What came back is broken in one way after the other: the rule meant for it speaks, and no other does."""

from __future__ import annotations

import pytest

from bot.core.finding import Severity, verdict_of
from bot.core.verdict import Verdict
from tests.corpus.cases import CASES, Case
from tests.corpus.workbench import Bench, serious


def test_no_rule_speaks_on_what_came_back_whole(bench: Bench) -> None:
    findings = bench.look(bench.database)
    assert [f for f in findings if f.severity is not Severity.NOTE] == []
    assert verdict_of(findings) is Verdict.PASS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_each_way_to_be_broken_is_caught_by_its_rule(bench: Bench, case: Case) -> None:
    findings = bench.broken_by(case.sql)
    assert serious(findings) == case.rules, findings
    assert verdict_of(findings) is Verdict.FAIL
