"""One restore test's work: believe the manifest, find room, fetch, restore into a scratch database, compare.

What is wrong becomes a finding; what keeps the test from looking is raised, or is a finding that says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection

from bot.checks import all as every_check
from bot.checks.interface import Restored, Timings
from bot.core.backup import BackupRecord
from bot.core.finding import Finding
from bot.core.manifest import Archive, Manifest
from bot.core.restore_test import RestoreTestMessage, Step, StepTimes
from bot.errors import CancelledError, LeaseLostError
from bot.platforms.open import open_platform
from bot.postgres import address, clients, fingerprint, restoring, scratch
from bot.postgres.address import Address
from bot.postgres.clients import Client
from bot.postgres.restoring import RestoreOutcome
from bot.postgres.scratch import Scratch
from bot.services import fetching, staging, trusting
from bot.services.fetching import Fetched
from bot.services.pulse import Pulse
from bot.services.sources import Sources
from bot.services.trusting import Believed
from bot.storage.interface import Store


@dataclass
class Trial:
    """What one test knows so far. The pulse reads it from its own thread; only the test writes it."""

    message: RestoreTestMessage
    attempt: str
    step: Step = Step.READING
    done: int = 0
    expected: int = 0
    findings: list[Finding] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    believed: Believed | None = None
    staging: Address | None = None
    scratch_noted: bool = False  # from then on there may be one, even when its making ended badly
    scratch: Scratch | None = None
    times: StepTimes = field(default_factory=StepTimes)
    versions: dict[str, str | None] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def enter(self, step: Step, expected: int = 0) -> None:
        """Begin a step of so many bytes or checks."""
        self.step, self.done, self.expected = step, 0, expected

    def grown(self, size: int) -> None:
        """How large what is being restored has become, in bytes."""
        self.done = max(self.done, size)


@dataclass(frozen=True)
class Prover:
    """Does the work. `reader` may hold credentials that can read and nothing else.

    `note_scratch` writes the scratch database's name into the ledger before there is one. `demand_store`
    raises StorageUnavailableError where nothing of ours lies in the storage.
    """

    reader: Store
    sources: Sources
    ledger: Address
    clients_folder: Path | None
    note_scratch: Callable[[Trial, str], None]
    demand_store: Callable[[BackupRecord], None]

    def prove(self, trial: Trial, pulse: Pulse) -> None:
        """Everything from the manifest to the last check; findings and times are left in the trial.

        Raises:
            SparewheelError: what kept it from looking further.
        """
        believed = trusting.read(self.reader, trial.message.backup)
        if isinstance(believed, Finding):
            if believed.rule == "MANIFEST_MISSING":
                self.demand_store(trial.message.backup)
            trial.findings.append(believed)
            return
        trial.believed = believed
        client = self._prepare(trial, believed.manifest)
        with fetching.folder() as folder:
            if self._lacks_room(trial, folder):
                return
            pulse.check()
            fetched = self._fetch(trial, pulse, folder)
            if isinstance(fetched, Finding):
                trial.findings.append(fetched)
                return
            self._bring_back(trial, pulse, client, fetched.path)

    def _prepare(self, trial: Trial, manifest: Manifest) -> Client:
        """The client that reads the archive; and refuse a staging server that is one of the real ones."""
        database = trial.message.backup.database
        trial.staging = self.sources.staging(database)
        facts = staging.look(trial.staging, staging.RealOnes(self.sources, database, manifest, self.ledger))
        client = clients.choose_for_archive(
            clients.find(self.clients_folder), int(manifest.client["least_restore_major"])
        )
        trial.versions |= {
            "source server": str(manifest.server["version"]),
            "source client": str(manifest.client["version"]),
            "staging server": facts.version,
            "client": client.version,
        }
        return client

    def _lacks_room(self, trial: Trial, folder: Path) -> bool:
        assert trial.believed is not None
        assert trial.staging is not None
        manifest = trial.believed.manifest
        said = [
            fetching.room(folder, manifest.size_bytes),
            staging.room(trial.staging, manifest),
        ]
        trial.findings += [finding for finding in said if finding]
        return any(said)

    def _fetch(self, trial: Trial, pulse: Pulse, folder: Path) -> Fetched | Finding:
        archive = _archive(trial)
        trial.enter(Step.FETCHING, archive.size_bytes)

        def count(length: int) -> None:
            pulse.check()
            trial.done += length

        began = time.monotonic()
        fetched = fetching.fetch(self.reader, archive, folder / "archive.dump", on_bytes=count)
        trial.times = replace(trial.times, download=time.monotonic() - began)
        return fetched

    def _bring_back(self, trial: Trial, pulse: Pulse, client: Client, archive: Path) -> None:
        outcome = self._restore(trial, pulse, client, archive)
        trial.left_out = dict(outcome.left_out)
        began = time.monotonic()
        self._compare(trial, pulse, client, archive, outcome)
        trial.times = replace(trial.times, verify=time.monotonic() - began)

    def _restore(self, trial: Trial, pulse: Pulse, client: Client, archive: Path) -> RestoreOutcome:
        assert trial.believed is not None
        assert trial.staging is not None
        manifest, test = trial.believed.manifest, trial.message.test
        settings = self.sources.settings(manifest.database)
        trial.enter(Step.PREPARING)
        pulse.confirm()
        self.note_scratch(trial, scratch_name(test.id))
        trial.scratch_noted = True
        began = time.monotonic()
        trial.scratch = scratch.create(
            trial.staging,
            test.id,
            like=manifest.settings.get("database"),
            template=settings.restore_test.template if settings.restore_test.way == "customer" else None,
            jobs=settings.restore_test.jobs,
        )
        trial.enter(Step.RESTORING, staging.size(manifest))
        outcome = restoring.restore(
            client,
            trial.scratch,
            archive,
            manifest,
            way=settings.restore_test.way,
            jobs=settings.restore_test.jobs,
            platform=open_platform(settings.platform),
            limits=replace(staging.limits(manifest, settings), on_size=trial.grown),
            should_stop=lambda: _stopped(pulse),
        )
        pulse.check()
        trial.times = replace(trial.times, restore=time.monotonic() - began)
        return outcome

    def _compare(
        self, trial: Trial, pulse: Pulse, client: Client, archive: Path, outcome: RestoreOutcome
    ) -> None:
        assert trial.believed is not None
        assert trial.scratch is not None
        manifest = trial.believed.manifest
        settings = self.sources.settings(manifest.database)
        gave_way = outcome.log.staging_gave_way
        checks = every_check.checks_of_the_archive() if gave_way else every_check.checks_for(settings)
        trial.enter(Step.CHECKING, len(checks))

        def note(_name: str, done: int, _of: int) -> None:
            pulse.check()
            trial.done = done

        with _session(trial.scratch, pulse) as connection:
            restored = Restored(
                manifest=manifest,
                settings=settings,
                address=trial.scratch.address,
                connection=connection,
                archive=archive,
                client=client,
                log=outcome.log,
                timings=Timings(trial.times.download or 0.0, trial.times.restore or 0.0),
                rto=trial.message.rto,
                way=trial.message.test.way,
                left_out=trial.left_out,
                role_names=outcome.role_names,
            )
            said = every_check.run_all(restored, checks, note)
        broken = {finding.subject for finding in said if finding.rule == "CHECK_NOT_RUN"}
        trial.checks += [check.name for check in checks if check.name not in broken]
        trial.findings += said


def scratch_name(test_id: str) -> str:
    """What a test's scratch database is called."""
    return f"{scratch.PREFIX}{test_id}"


def _archive(trial: Trial) -> Archive:
    assert trial.believed is not None
    return trial.believed.manifest.archives[0]


def _stopped(pulse: Pulse) -> bool:
    try:
        pulse.check()
    except (CancelledError, LeaseLostError):
        return True
    return False


@contextmanager
def _session(made: Scratch, pulse: Pulse) -> Iterator[Connection[Any]]:
    """A read-only session in the scratch database as its own role; a stop cancels what it is asking."""
    with address.connect(made.address, application_name="sparewheel restore test") as connection:
        fingerprint.prepare(connection)
        connection.execute("set default_transaction_read_only = on")
        with pulse.interruptible(lambda: connection.cancel_safe(timeout=2.0)):
            yield connection
