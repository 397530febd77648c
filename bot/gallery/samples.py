"""Views with ordinary and with extreme content, for the gallery and for every test that draws messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.backup import BackupRecord, Format, Kind, Phase, State
from bot.core.check import CheckMessage
from bot.core.finding import Finding, Severity
from bot.core.manifest import Manifest, Omission, TableRecord
from bot.core.people import Actor, Role, Source
from bot.core.restore_test import (
    RestoreTestDetails,
    RestoreTestMessage,
    RestoreTestRecord,
    Step,
    StepTimes,
)
from bot.core.verdict import Verdict
from bot.errors import DumpFailedError, NotAllowedError, UnreachableError, WordsError
from bot.services.views import (
    Asked,
    BackupDetails,
    BackupList,
    BackupMessage,
    CancelView,
    DatabaseStatus,
    HelpView,
    KindStatus,
    Recovery,
    Refusal,
    RestoreTestHelp,
    StatusView,
    StopTestView,
)
from bot.settings import ContactSettings
from bot.slack.views import Surroundings

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
PING = "<!channel> <!here> <!everyone> <@U0ADA> <!subteam^S0OPERATORS> @channel @here"
EVIL = (
    f"{PING} *bold* _it_ ~no~ `code` <https://example.org|link> ```block``` :fire: &lt;!channel&gt; \u202eabc"
)
EMOJI = "\U0001f69a" * 15 + "abc"  # 63 bytes
LONG = "An <error> & more \U0001f69a of it. " * 200

RECORD = BackupRecord(
    id="a1b2c3d4",
    database="cruzonic",
    kind=Kind.FULL,
    format=Format.CUSTOM,
    tables=(),
    state=State.QUEUED,
    requested_by="slack:T0SANDBOX/U0OMAR",
    requested_user="U0OMAR",
    team="T0SANDBOX",
    source="slack",
    channel="C0OPS",
    requested_at=NOW - timedelta(seconds=80),
    started_at=None,
    finished_at=None,
    snapshot_at=None,
    phase=None,
    rows_done=0,
    rows_expected=0,
    tables_done=0,
    tables_expected=0,
    bytes_out=0,
    cancel_requested_by=None,
    archive_key=None,
    manifest_key=None,
    version_id=None,
    location=None,
    size_bytes=None,
    sha256=None,
    row_count=None,
    table_count=None,
    omitted=(),
    warnings=(),
    server_version=None,
    client_version=None,
    error_rule=None,
    error_sentence=None,
    error_next_step=None,
    error_detail=None,
    checked_at=None,
    check_ok=None,
    check_sentence=None,
    tested=False,
    test_date=None,
    test_result=None,
)
RUNNING = replace(
    RECORD,
    state=State.RUNNING,
    started_at=NOW - timedelta(seconds=72),
    phase=Phase.DUMPING,
    rows_done=84_000,
    rows_expected=200_000,
    tables_done=6,
    tables_expected=15,
    bytes_out=12_300_000,
)
STORED = replace(
    RUNNING,
    state=State.STORED,
    finished_at=NOW,
    snapshot_at=NOW - timedelta(seconds=70),
    archive_key="sparewheel/manual/cruzonic/full/2026/11/22/20261122T012850Z-a1b2c3d4.dump",
    manifest_key="sparewheel/manifests/cruzonic/20261122T012850Z-a1b2c3d4.json",
    location="s3://cruzonic-backups/sparewheel/manual/cruzonic/full/2026/11/22/20261122T012850Z-a1b2c3d4.dump",
    version_id="v1",
    size_bytes=46_400_000,
    sha256="ab12cd34ef56" * 5 + "abcd",
    row_count=200_123,
    table_count=15,
    server_version="17.10",
    client_version="17.10",
)
FAILED = replace(
    RUNNING,
    state=State.FAILED,
    finished_at=NOW,
    error_rule="lock-timeout",
    error_sentence="Somebody else held the table public.drivers for longer than 30 s.",
    error_next_step="Wait for the migration to end, then ask again.",
    error_detail="canceling statement due to lock timeout",
)
CANCELLED = replace(RUNNING, state=State.CANCELLED, finished_at=NOW, cancel_requested_by="U0OLGA")

_WORST: dict[str, Any] = {
    "database": "d" * 40,
    "tables": tuple(f"{EVIL}{n}" for n in range(300)),
    "requested_user": EVIL,
    "omitted": tuple(f"table {EVIL}: {LONG}" for _ in range(300)),
    "warnings": (LONG,) * 100,
    "location": "s3://b/" + "<&>" * 700,
    "server_version": EVIL,
    "client_version": EVIL,
    "cancel_requested_by": EVIL,
    "error_sentence": EVIL + LONG[:4000],
    "error_next_step": EVIL + LONG[:4000],
    "error_detail": EVIL + "<&>" * 20_000,
    "error_rule": EVIL,
    "check_sentence": EVIL + LONG,
    "checked_at": NOW,
    "test_date": NOW,
    "test_result": EVIL,
}


def worst(record: BackupRecord, **more: Any) -> BackupRecord:
    """The same record with everything in it as long and as hostile as it can be."""
    return replace(record, **{**_WORST, **more})


_NAMES = ("eld_events", "log_periods", "drivers", "vehicles", "certifications", "audit_log")


def table(n: int, name: str = "") -> TableRecord:
    """The nth table of a manifest; without a name it has one of 63 bytes."""
    return TableRecord(
        schema="public",
        name=name or f"{EMOJI}{n}",
        kind="table",
        tier="other",
        root=None,
        rows=n * 1000,
        fingerprint="f" * 32 if n % 2 else None,
        expression=None,
        data_dumped=bool(n % 3),
        size_bytes=n * 100_000,
    )


def ordinary_manifest() -> Manifest:
    """More tables than a message shows, and two omissions."""
    tables = tuple(table(1 + 7 * n % 29, f"{name}_{n + 1}") for n, name in enumerate(_NAMES * 5))
    omitted = (
        Omission("table", "vault.secrets", "the role may not read it; nothing of it was dumped"),
        Omission("extension", "pg_graphql", "belongs to the platform, which makes it again"),
    )
    return replace(manifest(0), tables=tables, omitted=omitted)


def manifest(tables: int = 15, name: str = "") -> Manifest:
    """A manifest with so many tables, and as many omissions."""
    return Manifest(
        id="a1b2c3d4",
        database="cruzonic",
        kind="full",
        format="custom",
        snapshot_at=NOW.isoformat(),
        finished_at=NOW.isoformat(),
        requested_by="slack:T0SANDBOX/U0OMAR",
        server={},
        client={},
        archives=(),
        tables=tuple(table(n, name) for n in range(tables)),
        omitted=tuple(Omission("table", f"{EVIL}{n}", LONG) for n in range(tables)),
        inventory={},
        roles_sql=None,
        settings={},
    )


def actor(*roles: Role) -> Actor:
    """Omar with these roles."""
    return Actor("T0SANDBOX", "U0OMAR", Source.SLACK, frozenset(roles))


CHECKING = CheckMessage(
    "c1c2c3c4", STORED, "U0OMAR", NOW - timedelta(seconds=9), None, 20_000_000, 46_400_000
)
CHECKED = replace(
    CHECKING, finished_at=NOW, verdict="PASS", bytes_read=46_400_000, read_through="4 tables, 31 entries"
)


def _status(record: BackupRecord, name: str, failure: BackupRecord) -> DatabaseStatus:
    return DatabaseStatus(
        database=name,
        rpo=timedelta(hours=24),
        kinds=(
            KindStatus(Kind.FULL, record, timedelta(hours=1)),
            KindStatus(Kind.CRITICAL, None, timedelta(hours=48)),
            KindStatus(Kind.SCHEMA, None, None),
        ),
        running=(RUNNING, RECORD),
        last_failure=failure,
    )


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


def _proved(record: BackupRecord) -> DatabaseStatus:
    return replace(
        _status(record, "cruzonic", FAILED),
        rto=timedelta(minutes=1),
        proved_at=NOW - timedelta(days=3),
        recovery=Recovery(timedelta(minutes=2), 3),
    )


ARABIC, HEBREW = "سجلات_القيادة", "יומני_נהיגה"
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
    "status with a proof": StatusView((_proved(STORED),), NOW),
    "list": BackupList((STORED, FAILED, RUNNING, RECORD), 40, "cruzonic", Kind.FULL, NOW),
    "empty list": BackupList((), 0, None, None, NOW),
    "status": StatusView((_status(STORED, "cruzonic", FAILED),), NOW, ("fleetnest could not be looked at.",)),
    "status of nothing": StatusView((), NOW),
    "status past its RPO": StatusView((_status(STORED, "cruzonic", FAILED),), NOW + timedelta(days=3)),
    "asked": Asked(RECORD, 0),
    "asked behind": Asked(RECORD, 3),
    "asked for a check": Asked(STORED, check_id="c1c2c3c4"),
    "cancel queued": CancelView(RECORD, was_queued=True),
    "cancel running": CancelView(RUNNING, was_queued=False),
    "help for an operator": HelpView("/backup", actor(Role.OPERATOR), ("cruzonic", "fleetnest")),
    "help for a viewer": HelpView("/backup", actor(Role.VIEWER), ()),
    "refusal": Refusal(NotAllowedError("You may look, not back up.")),
    "refusal with a suggestion": Refusal(WordsError("That means nothing here."), "/backup now full cruzonic"),
    "an error itself": UnreachableError("The server does not answer."),
    "right to left": BackupMessage(_BACKWARDS, 0, NOW),
    "right to left details": BackupDetails(_BACKWARDS, manifest(6, ARABIC)),
    # The same with everything in it as long and as hostile as it can be.
    "worst queued": BackupMessage(worst(RECORD, kind=Kind.TABLE), 999_999, NOW),
    "worst running": BackupMessage(worst(RUNNING, kind=Kind.TABLE), 0, NOW),
    "worst stored": BackupMessage(worst(STORED, kind=Kind.TABLE), 0, NOW),
    "worst failed": BackupMessage(worst(FAILED, kind=Kind.TABLE), 0, NOW, worst(STORED)),
    "worst cancelled": BackupMessage(worst(CANCELLED, kind=Kind.TABLE), 0, NOW),
    "worst details": BackupDetails(worst(STORED), manifest(300), EVIL + LONG),
    "worst details of a failure": BackupDetails(worst(FAILED), None, EVIL + LONG),
    "worst names": BackupDetails(worst(STORED), manifest(300, EVIL)),
    "worst check": replace(
        CHECKED, record=worst(STORED), verdict="FAIL", findings=(EVIL + LONG,) * 300, read_through=EVIL + LONG
    ),
    "worst restore test": RestoreTestMessage(WORST_TEST, worst(STORED, kind=Kind.TABLE), timedelta(1), NOW),
    "worst running restore test": RestoreTestMessage(
        replace(WORST_TEST, state="running", verdict=None, finished_at=None), worst(STORED), None, NOW
    ),
    "worst report": RestoreTestDetails(RestoreTestMessage(WORST_TEST, worst(STORED), timedelta(1), NOW)),
    "worst list": BackupList([worst(STORED, kind=Kind.TABLE)] * 25, 99_999, "d" * 40, Kind.TABLE, NOW),
    "worst status": StatusView(
        [_status(worst(STORED), "d" * 40, worst(FAILED))] * 60, NOW, (EVIL + LONG,) * 60
    ),
    "worst help": HelpView("/backup", actor(Role.VIEWER), ("d" * 40,) * 300),
    "worst refusal": Refusal(DumpFailedError(EVIL + LONG, next_step=EVIL + LONG), EVIL + LONG),
}

AROUND = Surroundings(
    contacts=(
        ContactSettings(level=1, name="Night desk", address="+1 555 0100", call_when="a backup failed"),
        ContactSettings(level=1, name="Database administrators", slack="S0OPERATORS"),
    )
)
WORST_AROUND = Surroundings(
    contacts=(
        ContactSettings(level=1, name=EVIL, slack="S0DBAS", call_when=EVIL + LONG),
        ContactSettings(level=1, name="Night desk", address="+1 555 0100"),
        ContactSettings(level=2, name="Never shown first"),
    ),
    notes=(EVIL + LONG,),
)
