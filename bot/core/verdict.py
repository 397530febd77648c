"""The three answers a verification can give."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What could not be looked at never counts as passed."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    COULD_NOT_VERIFY = "COULD NOT VERIFY"
