"""Samples of a backup's life and of its checks."""

from __future__ import annotations

from dataclasses import replace

from bot.core.backup import Format, Kind
from bot.gallery.samples.records import (
    CANCELLED,
    CHECKED,
    CHECKING,
    DAMAGED,
    FAILED,
    GONE,
    RECORD,
    RUNNING,
    STORED,
    manifest,
    ordinary_manifest,
    worst,
)
from bot.gallery.samples.values import ARABIC, EVIL, HEBREW, LONG, NOW
from bot.services.views import Asked, BackupDetails, BackupMessage, CancelView, NotFollowed

_BACKWARDS = replace(
    STORED,
    database="شاحنات",
    kind=Kind.TABLE,
    tables=(ARABIC, HEBREW),
    omitted=(f"table public.{HEBREW}: אין הרשאה",),
    warnings=(f"الجدول {ARABIC} كبير",),
)

VIEWS: dict[str, object] = {
    "queued": BackupMessage(RECORD, 0, NOW),
    "queued behind": BackupMessage(RECORD, 2, NOW),
    "running": BackupMessage(RUNNING, 0, NOW),
    "running plain": BackupMessage(replace(RUNNING, format=Format.PLAIN), 0, NOW),
    "stopping": BackupMessage(replace(RUNNING, cancel_requested_by="U0OLGA"), 0, NOW),
    "stored": BackupMessage(STORED, 0, NOW),
    "stored checked": BackupMessage(replace(STORED, checked_at=NOW, check_ok=True), 0, NOW),
    "stored and gone": BackupMessage(GONE, 0, NOW),
    "stored and damaged": BackupMessage(DAMAGED, 0, NOW),
    "details of one that is gone": BackupDetails(GONE, ordinary_manifest()),
    "stored proved": BackupMessage(replace(STORED, tested=True, test_result="PASS"), 0, NOW),
    "stored with omissions": BackupMessage(
        replace(STORED, omitted=("schema auth: the role may not read it",), warnings=("it grew by half",))
    ),
    "failed": BackupMessage(FAILED, 0, NOW, STORED),
    "cancelled": BackupMessage(CANCELLED, 0, NOW),
    "by schedule": BackupMessage(replace(STORED, source="schedule", requested_user="weekly")),
    "one table": BackupMessage(replace(STORED, kind=Kind.TABLE, tables=("drivers",))),
    "schema": BackupMessage(replace(STORED, kind=Kind.SCHEMA)),
    "critical": BackupMessage(replace(STORED, kind=Kind.CRITICAL)),
    "safety": BackupMessage(replace(STORED, kind=Kind.SAFETY)),
    "details": BackupDetails(STORED, ordinary_manifest()),
    "details without a manifest": BackupDetails(STORED, None, "The manifest could not be read: gone."),
    "details of a failure": BackupDetails(FAILED, None),
    "details of a queued one": BackupDetails(RECORD, None),
    "checking": CHECKING,
    "check passed": CHECKED,
    "check failed": replace(CHECKED, verdict="FAIL", findings=("The bytes differ.",)),
    "check not done": replace(CHECKED, verdict="COULD NOT VERIFY", findings=("The store did not answer.",)),
    "no restore test follows": NotFollowed(
        STORED, "The staging server of cruzonic does not answer.", "Look whether it is up."
    ),
    "asked": Asked(RECORD, 0),
    "asked behind": Asked(RECORD, 3),
    "asked for a check": Asked(STORED, check_id="c1c2c3c4"),
    "cancel queued": CancelView(RECORD, was_queued=True),
    "cancel running": CancelView(RUNNING, was_queued=False),
    "right to left": BackupMessage(_BACKWARDS, 0, NOW),
    "right to left details": BackupDetails(_BACKWARDS, manifest(6, ARABIC)),
    "worst queued": BackupMessage(worst(RECORD, kind=Kind.TABLE), 999_999, NOW),
    "worst running": BackupMessage(worst(RUNNING, kind=Kind.TABLE), 0, NOW),
    "worst stored": BackupMessage(worst(STORED, kind=Kind.TABLE), 0, NOW),
    "worst failed": BackupMessage(worst(FAILED, kind=Kind.TABLE), 0, NOW, worst(STORED)),
    "worst cancelled": BackupMessage(worst(CANCELLED, kind=Kind.TABLE), 0, NOW),
    "worst details": BackupDetails(worst(STORED), manifest(300), EVIL + LONG),
    "worst details of a failure": BackupDetails(worst(FAILED), None, EVIL + LONG),
    "worst names": BackupDetails(worst(STORED), manifest(300, EVIL)),
    "worst no restore test follows": NotFollowed(worst(STORED), EVIL + LONG, EVIL + LONG),
    "worst check": replace(
        CHECKED, record=worst(STORED), verdict="FAIL", findings=(EVIL + LONG,) * 300, read_through=EVIL + LONG
    ),
}
