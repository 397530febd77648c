"""What a schedule's run sets off as it begins and ends: its heartbeat, and what is to follow a backup."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.backup import BackupRecord
from bot.core.restore_test import RestoreTestRecord
from bot.core.schedules import RESTORE_TEST, Due, Schedule
from bot.core.verdict import Verdict
from bot.errors import LedgerUnavailableError, SparewheelError
from bot.ledger import audit, backups, restore_tests
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.queue import Queue
from bot.services import due, heartbeats
from bot.services.fires import schedule_actor
from bot.services.heartbeats import Beat
from bot.services.restore_tests import RestoreTests
from bot.services.views import NotFollowed
from bot.settings import Configuration

log = logging.getLogger(__name__)

NOT_FOLLOWED = "not-followed"  # the stage of a backup's message in its thread
_NOT_BEGUN = "restore-test.not-begun"


@dataclass(frozen=True)
class Afterwards:
    """Leaves jobs in the transaction of what they follow; nothing here waits for anything outside."""

    configuration: Configuration
    queue: Queue

    def begun(self, connection: LedgerConnection, key: str | None) -> None:
        """A run of this schedule began; None where a person asked for it."""
        self._ping(connection, self._find(key), Beat.START)

    def backup_ended(self, connection: LedgerConnection, record: BackupRecord, *, stored: bool) -> None:
        """A backup is stored, or came to nothing."""
        schedule = self._find(record.schedule)
        self._ping(connection, schedule, Beat.SUCCESS if stored else Beat.FAIL)
        if stored and schedule and schedule.then == RESTORE_TEST:
            self.queue.follow_up(connection, record.id)

    def test_ended(self, connection: LedgerConnection, test: RestoreTestRecord, verdict: Verdict) -> None:
        """A restore test has its verdict. One that only follows a backup has no heartbeat of its own."""
        schedule = self._find(test.schedule)
        if schedule and schedule.kind == RESTORE_TEST:
            self._ping(connection, schedule, Beat.SUCCESS if verdict is Verdict.PASS else Beat.FAIL)

    def _find(self, key: str | None) -> Schedule | None:
        return due.find(self.configuration, key) if key else None

    def _ping(self, connection: LedgerConnection, schedule: Schedule | None, beat: Beat) -> None:
        if schedule and schedule.heartbeat_url_env:
            self.queue.ping(connection, schedule.key, beat.name)


@dataclass(frozen=True)
class FollowUps:
    """The jobs that Afterwards leaves, run by a worker. The environment's values never show in repr()."""

    pool: LedgerPool
    configuration: Configuration
    tests: RestoreTests
    environ: Mapping[str, str] = field(repr=False)

    def test_backup(self, backup_id: str) -> None:
        """Queue the restore test that a schedule wants after its backup; once, however often it is run.

        Raises:
            LedgerUnavailableError: the ledger cannot be reached; another try may help.
        """
        try:
            with borrowed(self.pool) as connection:
                record = backups.get(connection, backup_id)
                if record.schedule is None or record.due_at is None:
                    return
                if restore_tests.of_fire(connection, record.schedule, record.due_at) is None:
                    actor = schedule_actor(connection, record.schedule)
                    wanted = Due(record.schedule, record.due_at)
                    self.tests.open(connection, actor, record, asked_for=record.id, due=wanted)
        except LedgerUnavailableError:
            raise
        except SparewheelError as error:
            self._refused(backup_id, error)

    def ping(self, key: str, beat: Beat) -> None:
        """Tell a schedule's outside watcher; what stands in the way is logged and waited for briefly."""
        schedule = due.find(self.configuration, key)
        variable = schedule.heartbeat_url_env if schedule else None
        if variable is None:
            return
        url = self.environ.get(variable)
        if not url:
            log.warning("no heartbeat for %s: %s is not set", key, variable)
            return
        heartbeats.ping(url, beat)

    def not_followed(self, backup_id: str) -> NotFollowed | None:
        """Why nothing followed this backup; None where nothing stood in the way."""
        with borrowed(self.pool) as connection:
            record = backups.get(connection, backup_id)
            events = audit.recent(connection, subject=f"backup:{backup_id}")
        found = next((event.details for event in events if event.action == _NOT_BEGUN), None)
        if found is None:
            return None
        return NotFollowed(record, str(found["sentence"]), str(found.get("next_step", "")))

    def _refused(self, backup_id: str, error: SparewheelError) -> None:
        log.warning("no restore test after backup %s: %s", backup_id, error.sentence)
        with borrowed(self.pool) as connection:
            record = backups.get(connection, backup_id)
            about = ("backup", backup_id)
            self.tests.notifier.tell(
                connection, about, NOT_FOLLOWED, team=record.team, channel=record.channel
            )
            actor = schedule_actor(connection, record.schedule or "")
            details = {"rule": error.rule, "sentence": error.sentence, "next_step": error.next_step}
            audit.record(connection, actor, _NOT_BEGUN, f"backup:{backup_id}", details)
