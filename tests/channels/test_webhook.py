"""The signed webhook against a real HTTP receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from bot.channels.webhook import WebhookChannel, read_secret
from bot.errors import ChannelBusyError, ChannelRefusedError, ChannelUnknownError, ConfigurationError
from tests.support.outgoing import HOSTILE, outgoing
from tests.support.receiver import Answer, Receiver

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def channel(web: Receiver) -> Iterator[WebhookChannel]:
    channel = WebhookChannel(f"{web.url}/hook", read_secret(SECRET, "HOOK_SECRET"), timeout=0.5)
    yield channel
    channel.close()


def test_the_signature_is_that_of_standard_webhooks(web: Receiver, channel: WebhookChannel) -> None:
    channel.hand_over(outgoing(text=HOSTILE))
    (got,) = web.got
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    body = json.loads(got.body)
    assert body["type"] == "notice.maintenance.scheduled"
    assert body["data"]["text"] == HOSTILE


def test_a_repeat_is_known_by_its_id(web: Receiver, channel: WebhookChannel) -> None:
    channel.hand_over(outgoing())
    channel.hand_over(outgoing(again=True))
    assert web.got[0].headers["webhook-id"] == web.got[1].headers["webhook-id"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(hang=True), ChannelUnknownError),
        (Answer(cut=True), ChannelUnknownError),
        (Answer(502), ChannelUnknownError),
        (Answer(504), ChannelUnknownError),
        (Answer(500), ChannelBusyError),
        (Answer(503, headers={"Retry-After": "7"}), ChannelBusyError),
        (Answer(429, headers={"Retry-After": "7"}), ChannelBusyError),
        (Answer(401), ChannelRefusedError),
        (Answer(410), ChannelRefusedError),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), ChannelRefusedError),
    ],
)
def test_what_an_answer_means(
    web: Receiver, channel: WebhookChannel, answer: Answer, error: type[Exception]
) -> None:
    web.answer = lambda _: answer
    with pytest.raises(error) as raised:
        channel.hand_over(outgoing())
    assert len(web.got) == 1
    assert web.url not in str(raised.value)
    if answer.headers.get("Retry-After"):
        assert getattr(raised.value, "retry_after", None) == 7


def test_nobody_there_is_surely_not_reached() -> None:
    channel = WebhookChannel("http://127.0.0.1:1/hook?token=s3cret", b"k" * 32, timeout=1)
    with pytest.raises(ChannelBusyError) as busy:
        channel.hand_over(outgoing())
    assert busy.value.whole
    assert "s3cret" not in busy.value.sentence + busy.value.cause + repr(channel)
    channel.close()


@pytest.mark.parametrize("secret", ["", "abc", "whsec_", "whsec_!!!", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOK_SECRET"):
        read_secret(secret, "HOOK_SECRET")
