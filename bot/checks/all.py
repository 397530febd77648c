"""All checks, in the order in which they run, and what becomes of one that breaks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg
from psycopg.pq import TransactionStatus

from bot.checks import asking, rules
from bot.checks.application import Application
from bot.checks.archive_integrity import ArchiveIntegrity
from bot.checks.collation import Collation
from bot.checks.constraints import Constraints
from bot.checks.custom_sql import CustomSql
from bot.checks.date_ranges import DateRanges
from bot.checks.fingerprints import Fingerprints
from bot.checks.hash_chain import HashChains
from bot.checks.interface import Check, Restored
from bot.checks.inventory import Inventory
from bot.checks.restore_log import RestoreLogCheck
from bot.checks.row_counts import RowCounts
from bot.checks.rto import Rto
from bot.checks.sequences import Sequences
from bot.core.finding import Finding
from bot.errors import RunStoppedError
from bot.settings import DatabaseSettings

log = logging.getLogger(__name__)


def checks_for(settings: DatabaseSettings) -> Sequence[Check]:
    """The checks that a database of these settings has to pass. What may write comes late."""
    asked: list[Check] = [
        check
        for wanted, check in (
            (settings.date_ranges, DateRanges()),
            (settings.hash_chains, HashChains()),
            (settings.checks, CustomSql()),
            (settings.application, Application()),
        )
        if wanted
    ]
    return [
        ArchiveIntegrity(),
        RestoreLogCheck(),
        RowCounts(),
        Fingerprints(),
        Inventory(),
        Constraints(),
        Sequences(),
        Collation(),
        *asked,
        Rto(),
    ]


def checks_of_the_archive() -> Sequence[Check]:
    """Those that say something where staging gave way half-way: to the others, what is missing was lost."""
    return [ArchiveIntegrity(), RestoreLogCheck()]


def run_all(
    restored: Restored,
    checks: Sequence[Check],
    on_progress: Callable[[str, int, int], None] = lambda _name, _done, _of: None,
) -> list[Finding]:
    """Run every check; one that ends with an error says COULD NOT VERIFY and does not stop the others.

    `on_progress` hears a check's name, how many are done and how many there are, before each and at the
    end (with an empty name). What it raises goes through: it is how a run is stopped.
    """
    findings: list[Finding] = []
    begun = time.monotonic()
    for done, check in enumerate(checks):
        on_progress(check.name, done, len(checks))
        spent = restored.timings.verify + time.monotonic() - begun
        timed = replace(restored, timings=replace(restored.timings, verify=spent))
        findings += _run(timed, check)
    on_progress("", len(checks), len(checks))
    return findings


def _run(restored: Restored, check: Check) -> Sequence[Finding]:
    try:
        return check.run(restored)
    except RunStoppedError:
        raise
    except psycopg.Error as error:
        return [_not_run(check, asking.cause(error))]
    except Exception as error:  # noqa: BLE001 - whatever a check dies of, the others still run
        # The type alone: what an error says may quote a row.
        log.warning("The check %s ended with %s", check.name, type(error).__name__)
        return [_not_run(check, type(error).__name__)]
    finally:
        if restored.connection.info.transaction_status is TransactionStatus.INERROR:
            restored.connection.rollback()


def _not_run(check: Check, why: str) -> Finding:
    sentence = f"The check {check.name} could not be run to its end ({why})."
    return rules.finding("CHECK_NOT_RUN", sentence, subject=check.name, check=check.name)
