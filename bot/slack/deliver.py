"""Delivery of the outbox: every message that matters, at least once, and recognised when it is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from slack_sdk import WebClient

from bot.core.people import Actor, Source
from bot.core.reply import Showing
from bot.errors import SparewheelError
from bot.ledger import audit, outbox, slack_messages
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.outbox import OutboxMessage
from bot.slack.blocks import Rendered
from bot.slack.client import CHANNEL_CLOSED, HOPELESS, MESSAGE_GONE, code_of, explain
from bot.slack.post import Place, Poster
from bot.slack.views import Surroundings, render

_LOG = logging.getLogger(__name__)
_BEGAN = "an attempt began; how it ended is not known yet"


# (subject, stage) -> how things stand now; None where nothing is to be shown any more.
Loader = Callable[[str, str], Showing | None]


class Deliverer:
    """Posts what the outbox holds. The queue's lock keeps deliveries on one subject from overlapping."""

    def __init__(
        self,
        client: WebClient,
        pool: LedgerPool,
        topics: Mapping[str, Loader],
        around: Surroundings,
        operations_channel: str | None = None,
    ) -> None:
        self._poster = Poster(client)
        self._pool, self._topics, self._around = pool, topics, around
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
        place = self._place(row.topic, row.subject)
        if row.stage == "opened" and place:
            return
        showing = self._topics[row.topic](row.subject, row.stage)
        if showing is None:
            return
        rendered = render(showing.view, self._around)
        if showing.where == "thread":
            place = self._thread(row, place, rendered)
        elif place is None or not self._poster.update(place, rendered):
            place = self._post(row, rendered)
            self._keep(row, place)
        for file in (rendered.snippet, showing.attach):
            if file and place:
                self._poster.attach(place, file)
        for topic, subject in showing.redraws:
            self._redraw(topic, subject)

    def _place(self, topic: str, subject: str) -> Place | None:
        with borrowed(self._pool) as connection:
            return slack_messages.get(connection, topic, subject)

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

    def _thread(self, row: OutboxMessage, place: Place | None, rendered: Rendered) -> Place:
        """A reply under the message; on its own where the message is gone. Where files go is returned."""
        if place is not None:
            look = row.attempts > 0
            if self._poster.reply(place, rendered, row.id, since=row.created_at, look=look):
                return place
        return self._post(row, rendered)

    def _keep(self, row: OutboxMessage, place: Place) -> None:
        channel, ts = place
        with borrowed(self._pool) as connection:
            slack_messages.put(connection, row.topic, row.subject, team=row.team, channel=channel, ts=ts)

    def _redraw(self, topic: str, subject: str) -> None:
        """Another message that this one changes; what was to be told is told without it."""
        try:
            place = self._place(topic, subject)
            showing = self._topics[topic](subject, "redrawn")
            if place and showing:
                self._poster.update(place, render(showing.view, self._around))
        except Exception as error:  # noqa: BLE001 - see above
            _LOG.info("the message of %s %s was not redrawn: %s", topic, subject, code_of(error))

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
