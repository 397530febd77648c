"""Backups, checks and manifests in every state, for the samples that show them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.backup import BackupRecord, Format, Kind, Phase, State
from bot.core.check import CheckMessage
from bot.core.manifest import Manifest, Omission, TableRecord
from bot.gallery.samples.values import EMOJI, EVIL, LONG, NOW

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
GONE = replace(
    STORED,
    id="g0g1g2g3",
    gone_at=NOW - timedelta(hours=1),
    gone_why="Somebody deleted its archive; only the version behind the deletion is left.",
    gone_seen_by="look",
)
DAMAGED = replace(
    STORED,
    id="d0d1d2d3",
    damaged_at=NOW - timedelta(hours=1),
    damaged_why="The archive's bytes are not the ones that were stored.",
    damaged_seen_by="restore test",
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


CHECKING = CheckMessage(
    "c1c2c3c4", STORED, "U0OMAR", NOW - timedelta(seconds=9), None, 20_000_000, 46_400_000
)
CHECKED = replace(
    CHECKING, finished_at=NOW, verdict="PASS", bytes_read=46_400_000, read_through="4 tables, 31 entries"
)
