"""Apprise's own JSON service, against a real HTTP receiver."""

from __future__ import annotations

import json

import pytest

from bot.channels.apprise_urls import AppriseChannel, labelled
from bot.errors import ChannelRefusedError, ChannelUnknownError, ConfigurationError
from tests.support.outgoing import HOSTILE, outgoing
from tests.support.receiver import Answer, Receiver


def test_a_service_gets_the_text_as_it_is(web: Receiver) -> None:
    urls = labelled(f"{web.url.replace('http', 'json')}/in?token=s3cret\n", "URLS")
    (label,) = urls
    assert label == "1-json"
    AppriseChannel(urls).hand_over(outgoing(label, subject="Planned", text=HOSTILE.strip()))
    body = json.loads(web.got[0].body)
    assert body["title"] == "Planned"
    assert "{{7*7}}" in body["message"]
    assert "s3cret" not in repr(AppriseChannel(urls))


def test_a_service_that_says_no_leaves_it_unknown(web: Receiver) -> None:
    web.answer = lambda _: Answer(500)
    urls = labelled(web.url.replace("http", "json"), "URLS")
    with pytest.raises(ChannelUnknownError):
        AppriseChannel(urls).hand_over(outgoing("1-json"))


def test_a_service_that_is_gone_from_the_configuration_is_refused() -> None:
    with pytest.raises(ChannelRefusedError):
        AppriseChannel({}).hand_over(outgoing("1-json"))


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "nosuch://x"])
def test_what_apprise_cannot_read_is_found_at_once(text: str) -> None:
    with pytest.raises(ConfigurationError, match="URLS"):
        labelled(text, "URLS")


@pytest.mark.parametrize("text", ["slack:/T0/B0/s3cret", "s3cret", "a s3cret://x"])
def test_a_mistyped_url_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        labelled(text, "URLS")
    assert "s3cret" not in str(wrong.value) + wrong.value.sentence
