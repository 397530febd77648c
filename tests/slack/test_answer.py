from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.passes import Place
from bot.sandbox.slack.server import SlackServer
from bot.slack.answer import Asker, whisper
from bot.slack.blocks import Rendered
from tests.support.proxy import Fault, Proxy, faulty_proxy

WORDS = Rendered("only you see this", [])


@pytest.fixture
def between(slack: SlackServer) -> Iterator[Proxy]:
    """What breaks answers through a response_url on their way."""
    with faulty_proxy(slack.base_url) as proxy:
        yield proxy


@pytest.fixture
def asker(slack: SlackServer, between: Proxy) -> Asker:
    url = slack.sandbox.response_url(Place("C0OPS", "U0OMAR"))
    return Asker("C0OPS", "U0OMAR", url.replace(slack.base_url, between.endpoint))


@pytest.fixture
def seen(people: SandboxClient) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [one for one in people.messages(name="omar") if one.get("ephemeral_to") == "U0OMAR"]


Seen = Callable[[], list[dict[str, Any]]]


def test_an_answer_comes_through_the_response_url(web: WebClient, asker: Asker, seen: Seen) -> None:
    assert whisper(web, asker, WORDS)
    assert [one["text"] for one in seen()] == ["only you see this"]


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.SERVER_ERROR])
def test_what_may_have_arrived_is_not_said_again(
    web: WebClient, asker: Asker, seen: Seen, between: Proxy, fault: Fault
) -> None:
    between.decide = lambda _method, _path: fault
    assert whisper(web, asker, WORDS)
    assert len(seen()) == (fault is Fault.LOSE_ANSWER)
    assert between.count("POST") == 1


def test_an_address_that_is_used_up_or_gone_is_replaced_by_a_post(
    web: WebClient, asker: Asker, seen: Seen
) -> None:
    gone = Asker(asker.channel, asker.user, "http://127.0.0.1:1/response/none")
    for number in range(7):  # five are taken
        assert whisper(web, asker if number < 6 else gone, WORDS)
    assert len(seen()) == 7


def test_a_post_whose_answer_was_lost_is_not_repeated(
    web: WebClient, people: SandboxClient, seen: Seen
) -> None:
    people.fault("drop-after", methods=("chat.postEphemeral",), times=1)
    assert not whisper(web, Asker("C0OPS", "U0OMAR", None), WORDS)
    assert len(seen()) == 1


def test_an_edit_whose_answer_was_lost_is_repeated(web: WebClient, people: SandboxClient) -> None:
    posted: Any = web.chat_postMessage(channel="C0OPS", text="before")
    people.fault("drop-after", methods=("chat.update",), times=1)
    web.chat_update(channel="C0OPS", ts=posted["ts"], text="after")
    assert [one["text"] for one in people.messages()] == ["after"]
