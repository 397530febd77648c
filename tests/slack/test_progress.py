from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.gallery.samples import CHECKING, RUNNING, STORED
from bot.sandbox.slack.client import SandboxClient
from bot.slack.progress import SlackProgress
from bot.slack.views import Surroundings
from tests.slack.test_directory import Hand


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def place(web: WebClient) -> tuple[str, str]:
    answer: Any = web.chat_postMessage(channel="C0OPS", text="waiting")
    return answer["channel"], answer["ts"]


@pytest.fixture
def progress(web: WebClient, place: tuple[str, str], clock: Hand) -> SlackProgress:
    return SlackProgress(web, lambda _topic, _subject: place, Surroundings(), clock)


def text(people: SandboxClient) -> str:
    return str(people.messages()[-1]["text"])


def test_progress_is_drawn_at_most_every_three_seconds(
    progress: SlackProgress, people: SandboxClient, clock: Hand
) -> None:
    progress.update(RUNNING)
    assert "▓▓▓▓░░░░░░ 42 %" in text(people)
    further = replace(RUNNING, rows_done=160_000)
    clock.now = 2.9
    progress.update(further)
    assert "42 %" in text(people)
    clock.now = 3.0
    progress.update(further)
    assert "80 %" in text(people)
    progress.update(CHECKING)  # another message has a pace of its own
    assert "fetched back" in text(people)


def test_an_end_is_left_to_the_outbox(progress: SlackProgress, people: SandboxClient) -> None:
    progress.update(STORED)
    assert text(people) == "waiting"


@pytest.mark.parametrize("kind", ["429", "500", "drop"])
def test_trouble_never_reaches_the_backup_and_backs_off(
    kind: str, progress: SlackProgress, people: SandboxClient, clock: Hand
) -> None:
    people.fault(kind, methods=("chat.update",), seconds=20)
    progress.update(RUNNING)
    people.clear_faults()
    clock.now = 10.0
    progress.update(RUNNING)
    assert text(people) == "waiting"
    clock.now = 31.0
    progress.update(RUNNING)
    assert "42 %" in text(people)


def test_a_message_that_is_not_posted_yet_is_no_trouble(web: WebClient, people: SandboxClient) -> None:
    SlackProgress(web, lambda _topic, _subject: None, Surroundings()).update(RUNNING)
    assert people.messages() == []
