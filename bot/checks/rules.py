"""Every rule by which a restore test speaks, and the findings made under them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from bot.checks.rule import Rule
from bot.checks.rules_after import RULES_AFTER
from bot.checks.rules_before import RULES_BEFORE
from bot.core.finding import Finding, Severity


@cache
def by_name() -> Mapping[str, Rule]:
    """All rules under their names, in the order in which a test meets them."""
    return {rule.name: rule for rule in (*RULES_BEFORE, *RULES_AFTER)}


def finding(
    name: str,
    sentence: str | None = None,
    *,
    subject: str | None = None,
    severity: Severity | None = None,
    check: str | None = None,
    next_step: str | None = None,
) -> Finding:
    """A finding under a rule; the rule's own meaning, weight and next step where nothing else is given."""
    rule = by_name()[name]
    return Finding(
        rule=rule.name,
        severity=severity or rule.severity,
        sentence=sentence or rule.meaning,
        next_step=rule.next_step if next_step is None else next_step,
        subject=subject,
        check=check or rule.check.partition(",")[0],
    )


def table() -> str:
    """The rules as a Markdown document."""
    lines = [
        "# What a restore test can say",
        "",
        "A rule that fails makes the verdict FAIL, one that could not verify COULD NOT VERIFY; notes change",
        "nothing. A healthy backup meets no rule of the first two kinds.",
        "",
        "| rule | check | weight | what it means | what to do |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{r.name}` | {r.check} | {r.severity.value} | {r.meaning} | {r.next_step} |"
        for r in by_name().values()
    ]
    return "\n".join(lines) + "\n"
