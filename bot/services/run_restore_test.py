"""Runs a queued restore test to its end: claim, pulse, the work, a verdict, its proof, nothing left over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.checks import rules
from bot.core.finding import Finding, verdict_of
from bot.core.ids import new_attempt
from bot.core.restore_test import RestoreTestMessage, Step, worst_first
from bot.core.verdict import Verdict
from bot.errors import (
    CancelledError,
    ClientTooOldError,
    ConfigurationError,
    DatabaseError,
    LeaseLostError,
    SparewheelError,
    StorageError,
)
from bot.ledger import restore_tests as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.postgres import scratch
from bot.postgres.scratch import Leftover
from bot.services import proofs
from bot.services.outcomes import Outcomes, unforeseen
from bot.services.proving import Prover, Trial, scratch_name
from bot.services.pulse import LEASE_SECONDS, Beat, Pulse
from bot.services.restore_tests import RestoreTests, stopped
from bot.storage.interface import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestoreTester:
    """The same in a worker and on the command line."""

    pool: LedgerPool
    tests: RestoreTests
    outcomes: Outcomes
    prover: Prover
    store: Store
    storage_root: str

    def run(self, test_id: str, on_progress: Callable[[RestoreTestMessage], None]) -> RestoreTestMessage:
        """Run one queued restore test to its end, and return it as it then stands.

        A test that does not wait is returned untouched. `on_progress` is called about once a second from
        another thread.

        Raises:
            NotFoundError: no such restore test.
            LedgerUnavailableError: the ledger cannot be reached, so nothing was begun.
        """
        attempt = new_attempt()
        with borrowed(self.pool) as connection:
            claimed = ledger.claim(connection, test_id, attempt, LEASE_SECONDS)
            if claimed:
                self._begun(connection, test_id)
        if claimed:
            trial = Trial(self.tests.message(test_id), attempt)
            with self._pulse(trial, on_progress) as pulse:
                result = self._to_an_end(trial, pulse)
            # The pulse is over: no progress can be drawn after, and over, the verdict that is written now.
            if result is not None:
                self.outcomes.tested(trial.message, attempt, result)
        return self.tests.message(test_id)

    def _begun(self, connection: LedgerConnection, test_id: str) -> None:
        self.outcomes.begun(connection, ledger.get(connection, test_id).schedule)

    def _pulse(self, trial: Trial, on_progress: Callable[[RestoreTestMessage], None]) -> Pulse:
        test_id = trial.message.test.id

        def beat() -> Beat:
            progress = ledger.Progress(trial.step, trial.done, trial.expected)
            with borrowed(self.pool) as connection:
                return ledger.pulse(connection, test_id, trial.attempt, progress, LEASE_SECONDS)

        return Pulse(
            beat, settle=lambda _: None, on_progress=lambda: on_progress(self.tests.message(test_id))
        )

    def _to_an_end(self, trial: Trial, pulse: Pulse) -> ledger.Result | None:
        """Prove, tidy up and keep the proof; None where the test is not this attempt's any more."""
        try:
            self.prover.prove(trial, pulse)
            pulse.confirm()  # somebody may have asked to stop since the last beat
        except LeaseLostError as stop:
            log.warning("restore test %s: %s", trial.message.test.id, stop.sentence)
            self._drop(trial)
            return None
        except CancelledError:
            trial.findings.append(stopped(self._who_stopped(trial)))
        except SparewheelError as error:
            trial.findings.append(_kept_from_looking(error))
        except Exception as error:
            log.exception("restore test %s ended with an error nobody foresaw", trial.message.test.id)
            trial.findings.append(_kept_from_looking(unforeseen(error)))
        return self._end(trial)

    def _who_stopped(self, trial: Trial) -> str:
        return self.tests.message(trial.message.test.id).test.cancel_requested_by or "somebody"

    def _end(self, trial: Trial) -> ledger.Result:
        trial.enter(Step.TIDYING)
        verdict, now = verdict_of(trial.findings), datetime.now(UTC)
        wanted = self._keep_seconds(trial) if verdict is Verdict.FAIL and trial.scratch else None
        kept = trial.scratch.database if trial.scratch and wanted else None
        if kept is None:
            self._drop(trial)
        proof = self._prove(trial, proofs.Ending(verdict, now, kept))
        return _result(trial, verdict, proof, wanted)

    def _keep_seconds(self, trial: Trial) -> float | None:
        settings = self.prover.sources.settings(trial.message.backup.database)
        return settings.restore_test.keep_failed or None

    def _drop(self, trial: Trial) -> None:
        """Leave nothing on staging. What cannot be dropped now keeps its name in the ledger for the sweep."""
        if trial.staging is None or not trial.scratch_noted:
            return
        test_id = trial.message.test.id
        try:
            scratch.drop(trial.staging, Leftover(test_id, scratch_name(test_id)))
            with borrowed(self.pool) as connection:
                ledger.mark_dropped(connection, test_id)
        except SparewheelError as error:
            log.warning("restore test %s: the scratch database stays: %s", test_id, error.sentence)
            trial.findings.append(rules.finding("SCRATCH_LEFT", subject=scratch_name(test_id)))

    def _prove(self, trial: Trial, ending: proofs.Ending) -> str | None:
        try:
            return proofs.keep(self.store, self.storage_root, trial, ending)
        except StorageError as error:
            log.warning("restore test %s: no proof in storage: %s", trial.message.test.id, error.sentence)
            trial.findings.append(rules.finding("PROOF_NOT_KEPT", error.sentence))
            return None


def _result(trial: Trial, verdict: Verdict, proof: str | None, keep: float | None) -> ledger.Result:
    archive = trial.believed.manifest.archives[0] if trial.believed else None
    return ledger.Result(
        verdict=verdict,
        findings=worst_first(trial.findings),
        archive_bytes=archive.size_bytes if archive else None,
        archive_sha256=archive.sha256 if archive else None,
        archive_version_id=archive.version_id if archive else None,
        times=trial.times,
        proof_key=proof,
        keep_seconds=keep,
    )


def _kept_from_looking(error: SparewheelError) -> Finding:
    """What was raised, as a finding: nothing was verified, and why."""
    rule = "TEST_BROKE_OFF"
    if isinstance(error, ClientTooOldError):
        rule = "CLIENT_TOO_OLD"
    elif isinstance(error, DatabaseError | ConfigurationError):
        rule = "TARGET_UNAVAILABLE"
    elif isinstance(error, StorageError):
        rule = "FETCH_FAILED"
    return rules.finding(rule, error.sentence, next_step=error.next_step or None)


def note_scratch(pool: LedgerPool, trial: Trial, name: str) -> None:
    """Keep what the scratch database will be called, before there is one, so that it can be dropped.

    Raises:
        LeaseLostError: the test is not this attempt's any more.
    """
    with borrowed(pool) as connection:
        kept = ledger.mark_scratch(connection, trial.message.test.id, trial.attempt, name)
    if not kept:
        raise LeaseLostError("This restore test was taken over or ended by another process.")
