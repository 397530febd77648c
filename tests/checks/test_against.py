"""Which findings make a backup one that does not count, and which are somebody else's fault."""

from __future__ import annotations

import pytest

from bot.checks import against, rules
from bot.core.backup import Doubt


@pytest.mark.parametrize(
    ("names", "doubt"),
    [
        (["ARCHIVE_MISSING"], Doubt.GONE),
        (["ARCHIVE_HASH_DIFFERS", "MANIFEST_MISSING"], Doubt.GONE),
        (["ARCHIVE_HASH_DIFFERS"], Doubt.DAMAGED),
        (["ROWS_MISSING"], Doubt.DAMAGED),
        (["ROLE_ABSENT", "ROWS_MISSING"], None),  # what was to come had nobody to come to
        (["TARGET_FULL", "TABLE_MISSING"], None),
        (["ROLE_ABSENT", "CONTENT_DIFFERS"], Doubt.DAMAGED),  # no role changes a value
        (["RTO_EXCEEDED"], None),
        (["CUSTOM_CHECK_FAILED"], None),
        (["GRANTS_DIFFER", "COUNTED_ONLY"], None),
        ([], None),
    ],
)
def test_what_speaks_against_a_backup(names: list[str], doubt: Doubt | None) -> None:
    found = against.doubt([rules.finding(name) for name in names])
    assert (found[0] if found else None) is doubt


def test_every_rule_that_is_named_exists() -> None:
    named = against._GONE | against._DAMAGED | against._ROWS_LOST | against._HINDERED
    assert named <= set(rules.by_name())
