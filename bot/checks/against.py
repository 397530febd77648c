"""Which findings of a restore test speak against the backup, and not against staging or a limit."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.backup import Doubt
from bot.core.finding import Finding, Severity

_GONE = frozenset({"ARCHIVE_MISSING", "MANIFEST_MISSING"})
# What was compared before anything was restored, or cannot come from a restore that was hindered.
_DAMAGED = frozenset(
    {
        *("ARCHIVE_SIZE_DIFFERS", "ARCHIVE_HASH_DIFFERS", "ARCHIVE_UNREADABLE"),
        *("ARCHIVE_LACKS_ROWS", "ARCHIVE_HOLDS_MORE", "MANIFEST_UNREADABLE", "MANIFEST_DIFFERS"),
        *("CONTENT_DIFFERS", "ROWS_UNEXPECTED"),
    }
)
# Rows that did not come back: the backup's fault, unless something else kept them from coming.
_ROWS_LOST = frozenset({"EMPTY_RESTORE", "TABLE_MISSING", "ROWS_MISSING", "LARGE_OBJECTS_DIFFER"})
_HINDERED = frozenset(
    {
        *("ROLE_ABSENT", "EXTENSION_ABSENT", "RESTORE_FAILED", "RESTORE_TOO_LARGE", "RESTORE_TOO_SLOW"),
        *("FORBIDDEN_ACTION", "TARGET_FULL", "TARGET_UNAVAILABLE", "RESTORE_STOPPED"),
        *("SUPERUSER_NEEDED", "OLDER_SERVER", "CANCELLED", "TEST_BROKE_OFF"),
    }
)


def doubt(findings: Sequence[Finding]) -> tuple[Doubt, str] | None:
    """What a test's findings say against the archive, and in which words; None where they do not.

    A structure that came back changed, a check of the configuration that said no, or too slow a restore
    fails the test, and leaves a backup whose rows all came back.
    """
    failed = [finding for finding in findings if finding.severity is Severity.FAIL]
    hindered = any(finding.rule in _HINDERED for finding in findings)
    for rules, meaning in ((_GONE, Doubt.GONE), (_DAMAGED, Doubt.DAMAGED), (_ROWS_LOST, Doubt.DAMAGED)):
        found = next((finding for finding in failed if finding.rule in rules), None)
        if found and not (hindered and rules is _ROWS_LOST):
            return meaning, found.sentence
    return None
