"""Delivery of the outbox: every message that matters, at least once, and recognised when it is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.core.check import CheckMessage
from bot.core.people import Actor, Source
from bot.core.restore_test import RestoreTestDetails, RestoreTestMessage
from bot.errors import SparewheelError
from bot.ledger import audit, outbox, slack_messages
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.outbox import OutboxMessage
from bot.services.views import BackupDetails, BackupMessage
from bot.slack.blocks import Rendered
from bot.slack.client import CHANNEL_CLOSED, HOPELESS, MESSAGE_GONE, code_of, explain
from bot.slack.post import Place, Poster
from bot.slack.views import Surroundings, render

_LOG = logging.getLogger(__name__)
_BEGAN = "an attempt began; how it ended is not known yet"


@dataclass(frozen=True)
class Loaders:
    """How things stand at the moment of delivery, read afresh by id."""

    message: Callable[[str], BackupMessage]
    details: Callable[[str], BackupDetails]
    check: Callable[[str], CheckMessage]
    restore_test: Callable[[str], RestoreTestMessage]


class Deliverer:
    """Posts what the outbox holds. The queue's lock keeps deliveries on one subject from overlapping."""

    def __init__(
        self,
        client: WebClient,
        pool: LedgerPool,
        load: Loaders,
        around: Surroundings,
        operations_channel: str | None = None,
    ) -> None:
        self._poster = Poster(client)
        self._pool, self._load, self._around = pool, load, around
        self._operations_channel = operations_channel

    def deliver(self, outbox_id: str) -> None:
        """Deliver one message; one that is delivered or given up already is left alone.

        Raises:
            SlackError: Slack did not take it now; try again later.
            LedgerUnavailableError: the same for the ledger.
        """
        with borrowed(self._pool) as connection:
            row = outbox.get(connection, outbox_id)
            if row is None or row.delivered_at or row.given_up_at:
                return
            # Kept before the post: a process that dies after it must not post again without looking.
            outbox.mark_failed_attempt(connection, outbox_id, _BEGAN)
        try:
            self._send(row)
        except SparewheelError:
            raise
        except Exception as error:  # noqa: BLE001 - the sdk lets urllib's and the socket's own errors through
            self._failed(row, error)
            return
        with borrowed(self._pool) as connection:
            outbox.mark_delivered(connection, outbox_id)

    def _send(self, row: OutboxMessage) -> None:
        with borrowed(self._pool) as connection:
            place = slack_messages.get(connection, row.topic, row.subject)
        if row.stage == "opened" and place:
            return
        rendered = self._rendered(row)
        if row.stage == "details":
            self._thread(row, place, rendered)
        elif place is None or not self._poster.update(place, rendered):
            self._keep(row, self._post(row, rendered))
        if row.topic != "backup" and row.stage == "verdict":
            self._redraw_backup(row)

    def _rendered(self, row: OutboxMessage) -> Rendered:
        """The message as things are now: an `opened` that comes late shows the end."""
        if row.topic == "check":
            return render(self._load.check(row.subject), self._around)
        if row.topic == "restore-test":
            test = self._load.restore_test(row.subject)
            return render(RestoreTestDetails(test) if row.stage == "details" else test, self._around)
        if row.stage == "details":
            return render(self._load.details(row.subject), self._around)
        return render(self._load.message(row.subject), self._around)

    def _post(self, row: OutboxMessage, rendered: Rendered) -> Place:
        """Into its channel, or where that is closed to the bot, into the operations channel."""
        look = row.attempts > 0
        try:
            return self._poster.post(row.channel, rendered, row.id, since=row.created_at, look=look)
        except Exception as error:
            other = self._operations_channel
            if code_of(error) not in CHANNEL_CLOSED or other in (None, row.channel):
                raise
            assert other is not None  # said by the line above; for mypy
            return self._poster.post(other, rendered, row.id, since=row.created_at, look=look)

    def _thread(self, row: OutboxMessage, place: Place | None, rendered: Rendered) -> None:
        """A reply under the message; on its own where the message is gone. Long parts as a file."""
        reply = None
        if place is not None:
            reply = self._poster.reply(place, rendered, row.id, since=row.created_at, look=row.attempts > 0)
        thread = place if reply else self._post(row, rendered)
        if rendered.snippet and thread:
            self._poster.attach(thread, rendered.snippet)

    def _keep(self, row: OutboxMessage, place: Place) -> None:
        channel, ts = place
        with borrowed(self._pool) as connection:
            slack_messages.put(connection, row.topic, row.subject, team=row.team, channel=channel, ts=ts)

    def _redraw_backup(self, row: OutboxMessage) -> None:
        """The backup's own message then says `checked` or `proved`. The verdict stands without it."""
        try:
            backup_id = self._backup_of(row)
            with borrowed(self._pool) as connection:
                place = slack_messages.get(connection, "backup", backup_id)
            if place:
                self._poster.update(place, render(self._load.message(backup_id), self._around))
        except Exception as error:  # noqa: BLE001 - see above
            _LOG.info("the backup's message was not redrawn: %s", code_of(error))

    def _backup_of(self, row: OutboxMessage) -> str:
        if row.topic == "check":
            return self._load.check(row.subject).record.id
        return self._load.restore_test(row.subject).backup.id

    def _failed(self, row: OutboxMessage, error: Exception) -> None:
        """Keep why; give up with an audit row where another attempt cannot help, else raise for a retry."""
        code = code_of(error)
        hopeless = code in HOPELESS | CHANNEL_CLOSED | MESSAGE_GONE
        told = explain(error)
        with borrowed(self._pool) as connection:
            outbox.mark_failed_attempt(connection, row.id, told.sentence, give_up=hopeless)
            if hopeless:
                actor = Actor(team=row.team, user="worker", source=Source.SCHEDULE)
                details = {"stage": row.stage, "channel": row.channel, "code": code}
                audit.record(connection, actor, "message.given-up", f"{row.topic}:{row.subject}", details)
        if not hopeless:
            raise told from None
        _LOG.error("the %s of %s %s could not be posted: %s", row.stage, row.topic, row.subject, code)
