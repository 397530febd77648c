"""What a check has to say, and the verdict that follows from all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.verdict import Verdict


class Severity(StrEnum):
    """How much a finding weighs. Only the first two keep a test from passing."""

    FAIL = "fail"
    UNVERIFIED = "could not verify"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing a check has to say. Sentences hold no row of data and no secret.

    `rule` is the stable upper-case name (`ROWS_DIFFER`); `subject` the object it is about, if any.
    """

    rule: str
    severity: Severity
    sentence: str
    next_step: str = ""
    subject: str | None = None
    check: str = ""


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """FAIL beats COULD NOT VERIFY beats PASS; notes change nothing."""
    severities = {finding.severity for finding in findings}
    if Severity.FAIL in severities:
        return Verdict.FAIL
    return Verdict.COULD_NOT_VERIFY if Severity.UNVERIFIED in severities else Verdict.PASS
