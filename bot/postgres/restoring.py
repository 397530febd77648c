"""Bringing an archive back into a scratch database: pg_restore as a role without rights, and all it said.

What a restore test must not do is left out of the list of entries by name: subscriptions, event triggers,
foreign servers, and extensions that reach out. Owners, policies and grants name roles, so they are put back
afterwards with stand-ins for the roles; whoever compares calls them by their names again with
`stand_ins.as_source(inventory, outcome.role_names)`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psycopg

from bot.core.finding import Severity
from bot.core.manifest import Manifest
from bot.errors import CancelledError, DumpFailedError
from bot.postgres import finishing, restore_list, restore_run, restore_sql, scratch, selecting, stand_ins
from bot.postgres.address import connect, translate
from bot.postgres.clients import Client
from bot.postgres.restore_list import Entry
from bot.postgres.restore_log import EMPTY_LOG, LogLine, RestoreLog, line
from bot.postgres.restore_watch import Limits, Watch
from bot.postgres.scratch import Scratch
from bot.postgres.selecting import Layout, Selection
from bot.postgres.stand_ins import Cast

__all__ = ["Limits", "RestoreOutcome", "Way", "restore"]
Way = Literal["everything", "customer"]
_ROWS = frozenset({"TABLE DATA", "BLOBS", "SEQUENCE SET", "MATERIALIZED VIEW DATA"})


@dataclass(frozen=True)
class RestoreOutcome:
    """What a restore brought. `seconds` from the first look at the archive to the last grant.

    `left_out`: what is missing on purpose, quoted identity -> reason. `stand_ins`: roles staging has not.
    `role_names`: the archive's role by the name of the role that plays it here. `largest_bytes`: how large
    the scratch database was seen.
    """

    log: RestoreLog
    left_out: Mapping[str, str] = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()
    seconds: float = 0.0
    role_names: Mapping[str, str] = field(default_factory=dict)
    largest_bytes: int = 0


@dataclass(frozen=True)
class _Job:
    """What the steps of one restore share."""

    client: Client
    where: Scratch
    archive: Path
    manifest: Manifest
    way: Way
    jobs: int
    platform: Layout | None


def restore(
    client: Client,
    where: Scratch,
    archive: Path,
    manifest: Manifest,
    *,
    way: Way = "everything",
    jobs: int = 2,
    platform: Layout | None = None,
    limits: Limits | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RestoreOutcome:
    """Restore an archive (custom format, compared with the manifest already) into a scratch database.

    `platform` is needed for the customer's part. `should_stop` is asked twice a second, from
    another thread. Errors of the restore are lines of the log, never exceptions.

    Raises:
        CancelledError: `should_stop` said so; the scratch database is to be dropped.
        ClientTooOldError: the archive was written by a later pg_dump than this pg_restore reads.
        DatabaseError: the scratch database or the staging server cannot be reached.
    """
    job = _Job(client, where, archive, manifest, way, jobs, platform)
    began = time.monotonic()
    with Watch(where.staging, where.database, limits or Limits(), should_stop) as watch:
        log, chosen, who = _restore(job, watch)
    if watch.cancelled:
        raise CancelledError("The restore test was stopped because somebody asked for it.")
    if watch.stopped:
        log = log.plus(RestoreLog((watch.stopped,), 0, 0))
    left_out = {left.entry.identity: left.reason for left in chosen.left_out}
    return RestoreOutcome(
        log, left_out, who.absent, time.monotonic() - began, who.originals, watch.largest_bytes
    )


def _restore(job: _Job, watch: Watch) -> tuple[RestoreLog, Selection, Cast]:
    nobody = Cast({}, ())
    try:
        entries = restore_list.entries(job.client, job.archive)
    except DumpFailedError as error:
        unreadable = line("ARCHIVE_UNREADABLE", Severity.FAIL, error.sentence)
        return RestoreLog((unreadable,), 1, 0), Selection(), nobody
    chosen = _select(job, entries)
    log = RestoreLog((*_about_owner(job), *_about_selection(job.manifest, chosen, entries)), 0, 0)
    try:
        owners = restore_sql.owners(restore_run.as_sql(job.client, job.archive, _defined(chosen)))
        rest = restore_sql.grants_and_policies(restore_run.as_sql(job.client, job.archive, chosen.by_hand))
    except DumpFailedError as error:
        unreadable = line("ARCHIVE_UNREADABLE", Severity.FAIL, error.sentence)
        return log.plus(RestoreLog((unreadable,), 1, 0)), chosen, nobody
    who = _cast(job, [*owners, *rest])
    log = log.plus(RestoreLog(tuple(_about_roles(job.manifest, who)), 0, 0))
    log = log.plus(_rows_and_definitions(job, chosen, watch))
    # Before anybody else, the checks for instance, opens a session there.
    scratch.unset(job.where.staging, job.where)
    if not watch.ended:
        log = log.plus(finishing.finish(job.where.address, owners, rest, who, watch))
    return log, chosen, who


def _rows_and_definitions(job: _Job, chosen: Selection, watch: Watch) -> RestoreLog:
    address, missing = job.where.address, chosen.missing_extensions
    log = EMPTY_LOG
    if job.way == "customer":
        finishing.close_defaults(address, job.where.lender)
        # Before the customer's trigger on such a table exists, and in the order of its foreign keys.
        log = restore_run.run(job.client, address, job.archive, chosen.platform_rows, watch=watch)
    return log.plus(
        restore_run.run(
            job.client,
            address,
            job.archive,
            chosen.restored,
            watch=watch,
            jobs=job.jobs,
            missing_extensions=missing,
        )
    )


def _select(job: _Job, entries: Sequence[Entry]) -> Selection:
    with connect(job.where.address, application_name="sparewheel restore") as conn:
        try:
            target = selecting.look(conn)
        except psycopg.Error as error:
            raise translate(error, job.where.address) from None
    if job.way == "everything":
        return selecting.everything(entries, target, job.manifest)
    if job.platform is None:
        raise ValueError("the customer's part cannot be told without a platform")
    return selecting.customers_part(entries, target, job.manifest, job.platform)


def _defined(chosen: Selection) -> list[Entry]:
    return [entry for entry in chosen.restored if entry.kind not in _ROWS]


def _cast(job: _Job, statements: Sequence[restore_sql.Statement]) -> Cast:
    roles = {role for statement in statements for role in statement.roles}
    with connect(job.where.staging, application_name="sparewheel scratch") as admin:
        try:
            return stand_ins.cast(admin, job.where, roles, is_real=_real_roles(job))
        except psycopg.Error as error:
            raise translate(error, job.where.staging) from None


def _real_roles(job: _Job) -> Callable[[str], bool]:
    """Which of the archive's roles play themselves where they are there.

    Everything: none. In a copy of a laid-out project: the platform's, which own what is there already; and
    everybody where that copy belongs to the role of staging, which owns what it restores.
    """
    if job.way == "everything" or job.platform is None:
        return lambda _role: False
    return job.platform.owner_is_platform if job.where.has_fresh_role else lambda _role: True


def _about_owner(job: _Job) -> Iterator[LogLine]:
    if not job.where.has_fresh_role:
        text = (
            "restored code ran with the rights of staging's own role: it may not lend the platform's rights"
        )
        yield line("RESTORED_AS_STAGING", Severity.NOTE, text, job.where.role)


def _about_selection(manifest: Manifest, chosen: Selection, entries: Sequence[Entry]) -> Iterator[LogLine]:
    for left in chosen.left_out:
        severity = Severity.UNVERIFIED if left.rule == "EXTENSION_ABSENT" else Severity.NOTE
        yield line(left.rule, severity, f"left out: {left.reason}", left.entry.label)
    for trigger in selecting.calling_out(manifest):
        text = "this trigger calls a webhook in production; here it finds nothing to call with"
        yield line("CALLS_OUT", Severity.NOTE, text, trigger)
    if manifest.tables and not any(entry.kind == "TABLE" for entry in entries):
        yield line("EMPTY_RESTORE", Severity.FAIL, "the archive holds no table, and its manifest does")


def _about_roles(manifest: Manifest, who: Cast) -> Iterator[LogLine]:
    for role in who.absent:
        spelled = (f"\nCREATE ROLE {name};" for name in (role, restore_sql.quoted(role)))
        known = any(words in (manifest.roles_sql or "") for words in spelled)
        severity = Severity.NOTE if known else Severity.UNVERIFIED
        where = "the manifest's roles can make it" if known else "the manifest cannot make it either"
        yield line(
            "ROLE_ABSENT", severity, f"staging has no such role, so a stand-in plays it; {where}", role
        )
