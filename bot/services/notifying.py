"""Messages that matter: an outbox row and its delivery job, in the transaction of what they tell."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.backup import BackupRecord
from bot.core.check import CheckMessage
from bot.core.restore_test import RestoreTestMessage
from bot.ledger import outbox
from bot.ledger.connection import LedgerConnection
from bot.ledger.queue import Queue

_FORGOTTEN_SECONDS = 60.0


@dataclass(frozen=True)
class _About:
    """What a message is about, and where it belongs."""

    topic: outbox.Topic
    subject: str
    team: str
    channel: str | None


@dataclass(frozen=True)
class Notifier:
    """`default_channel` hears of what was asked for outside Slack; None where there is no such channel."""

    queue: Queue
    default_channel: str | None

    def backup_opened(self, connection: LedgerConnection, record: BackupRecord) -> None:
        """Post the one message that the rest of the backup's life is shown in."""
        self._add(connection, _of_backup(record), "opened")

    def backup_ended(self, connection: LedgerConnection, record: BackupRecord) -> None:
        """Turn that message into the verdict, and put the details into its thread."""
        self._add(connection, _of_backup(record), "verdict")
        self._add(connection, _of_backup(record), "details")

    def check_opened(self, connection: LedgerConnection, check: CheckMessage) -> None:
        """Post the message of a check."""
        self._add(connection, _of_check(check), "opened")

    def check_ended(self, connection: LedgerConnection, check: CheckMessage) -> None:
        """Turn it into the check's verdict."""
        self._add(connection, _of_check(check), "verdict")

    def send_again(self, connection: LedgerConnection) -> int:
        """Queue what lies in the outbox without a job: Slack was away too long, or not set.

        Returns how many messages were queued.
        """
        forgotten = outbox.forgotten(connection, _FORGOTTEN_SECONDS)
        for message in forgotten:
            self.queue.deliver(connection, message.id, message.topic, message.subject)
        return len(forgotten)

    def restore_test_opened(self, connection: LedgerConnection, message: RestoreTestMessage) -> None:
        """Post the message of a restore test."""
        self._add(connection, _of_restore_test(message), "opened")

    def restore_test_ended(self, connection: LedgerConnection, message: RestoreTestMessage) -> None:
        """Turn it into the verdict, and put the report into its thread."""
        self._add(connection, _of_restore_test(message), "verdict")
        self._add(connection, _of_restore_test(message), "details")

    def tell(
        self,
        connection: LedgerConnection,
        about: tuple[outbox.Topic, str],
        stage: outbox.Stage,
        *,
        team: str,
        channel: str | None,
    ) -> None:
        """Leave one message on any (topic, subject); `channel` may be a person's id. Once for each stage."""
        self._add(connection, _About(*about, team, channel), stage)

    def _add(self, connection: LedgerConnection, about: _About, stage: outbox.Stage) -> None:
        channel = about.channel or self.default_channel
        if channel is None:
            return
        message = outbox.add(
            connection,
            topic=about.topic,
            subject=about.subject,
            stage=stage,
            team=about.team,
            channel=channel,
        )
        self.queue.deliver(connection, message, about.topic, about.subject)


def _of_backup(record: BackupRecord) -> _About:
    return _About("backup", record.id, record.team, record.channel)


def _of_check(check: CheckMessage) -> _About:
    return _About("check", check.check_id, check.record.team, check.channel)


def _of_restore_test(message: RestoreTestMessage) -> _About:
    return _About("restore-test", message.test.id, message.test.team, message.test.channel)
