"""Progress in the message of what runs: best effort, at Slack's pace, never in the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from slack_sdk import WebClient

from bot.core.backup import BackupRecord
from bot.core.check import CheckMessage
from bot.core.notices import RevisionState
from bot.core.restore_test import RestoreTestMessage
from bot.services.notice_views import NoticeMessage
from bot.services.views import BackupMessage
from bot.slack.client import code_of, retry_after
from bot.slack.views import Surroundings, render

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 3.0
# After a failure the dump is left in peace for a while: each try may cost the client's whole timeout.
_AFTER_FAILURE_SECONDS = 30.0

Place = tuple[str, str]
Shown = BackupRecord | CheckMessage | RestoreTestMessage | NoticeMessage


class SlackProgress:
    """Redraws messages. `client` must not retry by itself; `place_of(topic, subject)` says where they are."""

    def __init__(
        self,
        client: WebClient,
        place_of: Callable[[str, str], Place | None],
        around: Surroundings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._place_of, self._around, self._clock = client, place_of, around, clock
        self._not_before: dict[str, float] = {}
        self._places: dict[str, Place] = {}
        self._all_not_before = 0.0

    def update(self, view: Shown) -> None:
        """Draw how far it is, or leave it where Slack or the pace says so. Never raises.

        An end is not drawn here: the verdict goes through the outbox and must come last.
        """
        topic, subject, ended = _about(view)
        if ended:
            self._forget(subject)
            return
        now = self._clock()
        if now < max(self._not_before.get(subject, 0.0), self._all_not_before):
            return
        self._not_before[subject] = now + _PAUSE_SECONDS
        try:
            self._draw(topic, subject, view)
        except Exception as error:  # noqa: BLE001 - progress must never end a backup
            self._step_back(subject, error)

    def _draw(self, topic: str, subject: str, view: Shown) -> None:
        place = self._places.get(subject) or self._place_of(topic, subject)
        if place is None:  # not posted yet
            return
        self._places[subject] = place
        shown = BackupMessage(view, now=datetime.now(UTC)) if isinstance(view, BackupRecord) else view
        rendered = render(shown, self._around)
        self._client.chat_update(channel=place[0], ts=place[1], text=rendered.text, blocks=rendered.blocks)

    def _step_back(self, subject: str, error: Exception) -> None:
        wait = retry_after(error)
        if wait is not None:  # the rate is the method's, not the message's
            self._all_not_before = self._clock() + wait
        else:
            self._not_before[subject] = self._clock() + _AFTER_FAILURE_SECONDS
        self._places.pop(subject, None)
        _LOG.info("progress of %s was not drawn: %s", subject, code_of(error))

    def _forget(self, subject: str) -> None:
        self._not_before.pop(subject, None)
        self._places.pop(subject, None)


def _about(view: Shown) -> tuple[str, str, bool]:
    """Topic, subject, and whether it is over."""
    if isinstance(view, BackupRecord):
        return "backup", view.id, view.state.is_final
    if isinstance(view, RestoreTestMessage):
        return "restore-test", view.test.id, view.test.is_final
    if isinstance(view, NoticeMessage):
        return "notice", view.notice.id, view.current.state is not RevisionState.SENDING
    return "check", view.check_id, view.finished_at is not None
