"""Samples of a restore test's life."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.backup import Kind
from bot.core.finding import Finding, Severity
from bot.core.people import Role
from bot.core.restore_test import (
    RestoreTestDetails,
    RestoreTestMessage,
    RestoreTestRecord,
    Step,
    StepTimes,
)
from bot.core.verdict import Verdict
from bot.gallery.samples.records import STORED, worst
from bot.gallery.samples.values import EVIL, LONG, NOW, actor
from bot.services.views import Asked, RestoreTestHelp, StopTestView

QUEUED_TEST = RestoreTestRecord(
    id="t1t2t3t4",
    backup_id="a1b2c3d4",
    asked_for="latest full",
    team="T0SANDBOX",
    requested_user="U0OMAR",
    requested_by="slack:T0SANDBOX/U0OMAR",
    source="slack",
    channel="C0OPS",
    requested_at=NOW - timedelta(seconds=60),
    state="queued",
    started_at=None,
    finished_at=None,
    step=None,
    done=0,
    expected=0,
    cancel_requested_by=None,
    way="everything",
    archive_bytes=None,
    archive_sha256=None,
    archive_version_id=None,
    times=StepTimes(),
    verdict=None,
    findings=(),
    scratch=None,
    kept_until=None,
    proof_key=None,
)
RUNNING_TEST = replace(
    QUEUED_TEST,
    state="running",
    started_at=NOW - timedelta(seconds=50),
    step=Step.FETCHING,
    done=12_000_000,
    expected=46_400_000,
)
PASSED_TEST = replace(
    RUNNING_TEST,
    state="finished",
    finished_at=NOW,
    verdict=Verdict.PASS,
    archive_bytes=46_400_000,
    archive_sha256=STORED.sha256,
    archive_version_id="v1",
    times=StepTimes(1.2, 30.5, 12.0),
    findings=(Finding("EXTENSION_ABSENT", Severity.NOTE, "pg_cron was left out.", check="restore log"),),
    proof_key="sparewheel/proofs/cruzonic/20261122T013000Z-t1t2t3t4.json",
)
FAILED_TEST = replace(
    PASSED_TEST,
    verdict=Verdict.FAIL,
    asked_for="a1b2c3d4",
    findings=(
        Finding(
            "ROWS_MISSING", Severity.FAIL, "public.drivers has 9 rows, not 10.", "Look.", "public.drivers"
        ),
        Finding("CHECK_NOT_RUN", Severity.UNVERIFIED, "A check broke.", "Try again.", check="RTO"),
    ),
    scratch="sparewheel_test_t1t2t3t4",
    kept_until=NOW + timedelta(hours=24),
)
TESTS = {
    "queued": QUEUED_TEST,
    "running": RUNNING_TEST,
    "checking": replace(RUNNING_TEST, step=Step.CHECKING, done=3, expected=12),
    "restoring": replace(RUNNING_TEST, step=Step.RESTORING, done=180_000_000, expected=500_000_000),
    "stopping": replace(RUNNING_TEST, step=Step.RESTORING, cancel_requested_by="U0OLGA"),
    "passed": PASSED_TEST,
    "failed": FAILED_TEST,
    "not verified": replace(
        QUEUED_TEST,
        state="finished",
        finished_at=NOW,
        verdict=Verdict.COULD_NOT_VERIFY,
        findings=(Finding("DISK_TOO_SMALL", Severity.UNVERIFIED, "1 MB is free.", "Free some."),),
    ),
}
WORST_TEST = replace(
    FAILED_TEST,
    asked_for=EVIL,
    requested_user=EVIL,
    requested_by=EVIL,
    archive_version_id=EVIL + LONG,
    findings=(Finding("X" * 60, Severity.FAIL, EVIL + LONG, EVIL + LONG, EVIL + LONG, EVIL),) * 300,
    proof_key="<&>" * 700,
)

VIEWS: dict[str, object] = {
    **{
        f"restore test {name}": RestoreTestMessage(test, STORED, timedelta(hours=4), NOW)
        for name, test in TESTS.items()
    },
    "restore test without a target": RestoreTestMessage(TESTS["passed"], STORED, None, NOW),
    "restore test's report": RestoreTestDetails(RestoreTestMessage(TESTS["failed"], STORED, None, NOW)),
    "asked for a restore test": Asked(
        STORED, test=RestoreTestMessage(TESTS["queued"], STORED, timedelta(hours=4), NOW)
    ),
    "restore test stopped": StopTestView(RestoreTestMessage(TESTS["running"], STORED), was_queued=False),
    "waiting restore test stopped": StopTestView(
        RestoreTestMessage(TESTS["queued"], STORED), was_queued=True
    ),
    "restore test help": RestoreTestHelp("/restore-test", actor(Role.OPERATOR), ("cruzonic",)),
    "restore test help for a viewer": RestoreTestHelp("/restore-test", actor(Role.VIEWER), ()),
    "worst restore test": RestoreTestMessage(WORST_TEST, worst(STORED, kind=Kind.TABLE), timedelta(1), NOW),
    "worst running restore test": RestoreTestMessage(
        replace(WORST_TEST, state="running", verdict=None, finished_at=None), worst(STORED), None, NOW
    ),
    "worst report": RestoreTestDetails(RestoreTestMessage(WORST_TEST, worst(STORED), timedelta(1), NOW)),
}
