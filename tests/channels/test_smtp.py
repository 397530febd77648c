"""E-mail against a real SMTP server: what is written, what is refused, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels.smtp import SmtpChannel, compose
from bot.errors import ChannelBusyError, ChannelRefusedError, ChannelUnknownError
from bot.settings.channels import SmtpSettings
from tests.support.mail import Mailbox, mail_server
from tests.support.outgoing import HOSTILE, outgoing


def settings(port: int = 1, **changes: Any) -> SmtpSettings:
    values = {
        "type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "notices@fleetnest.example",
        "sender_name": "FleetNest, Inc. <team>",
        "unsubscribe": "https://fleetnest.example/unsubscribe?who={recipient}",
        "timeout": 5,
    }
    return SmtpSettings.model_validate(values | changes)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def channel(box: Mailbox) -> Iterator[SmtpChannel]:
    channel = SmtpChannel(settings(box.port))
    yield channel
    channel.close()


def test_mail_carries_text_html_and_what_readers_need(box: Mailbox, channel: SmtpChannel) -> None:
    receipt = channel.hand_over(outgoing("ann+fleet@example.com"))
    mail = box.mail()
    assert mail["Message-ID"] == receipt.reference == f"<{'ab' * 16}@fleetnest.example>"
    assert mail["List-Unsubscribe"] == "<https://fleetnest.example/unsubscribe?who=ann%2Bfleet%40example.com>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["In-Reply-To"] is None
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "less than 5 minutes" in text.get_content()
    assert "less than 5 minutes" in html.get_content()


def test_a_follow_up_is_in_the_thread_of_the_first(box: Mailbox, channel: SmtpChannel) -> None:
    channel.hand_over(outgoing(references=("<1@x>", "<2@x>")))
    assert box.mail()["In-Reply-To"] == "<2@x>"
    assert box.mail()["References"] == "<1@x> <2@x>"


def test_one_connection_carries_many(box: Mailbox, channel: SmtpChannel) -> None:
    for number in range(5):
        channel.hand_over(outgoing(f"c{number}@example.com"))
    assert sum(box.counts.values()) == 5
    assert set(box.counts.values()) == {1}


def test_who_is_refused_does_not_hinder_the_next(box: Mailbox, channel: SmtpChannel) -> None:
    box.refuse["gone@example.com"] = "550 5.1.1 gone@example.com is not here"
    box.refuse["grey@example.com"] = "451 4.7.1 come back later"
    with pytest.raises(ChannelRefusedError) as refused:
        channel.hand_over(outgoing("gone@example.com"))
    assert refused.value.sentence == "The mail server refused the address (550 5.1.1)."
    with pytest.raises(ChannelBusyError) as busy:
        channel.hand_over(outgoing("grey@example.com"))
    assert not busy.value.whole
    channel.hand_over(outgoing("ann@example.com"))
    assert box.counts == {"ann@example.com": 1}


def test_a_server_that_dies_with_the_message_leaves_it_unknown(box: Mailbox, channel: SmtpChannel) -> None:
    box.on_data = lambda number: "250 die" if number == 1 else None
    channel.hand_over(outgoing("a@example.com"))
    with pytest.raises(ChannelUnknownError):
        channel.hand_over(outgoing("b@example.com"))
    channel.hand_over(outgoing("c@example.com"))
    assert box.counts == {"a@example.com": 1, "b@example.com": 1, "c@example.com": 1}


def test_a_message_that_is_refused_or_delayed(box: Mailbox, channel: SmtpChannel) -> None:
    answers = iter(["554 5.7.1 spam", "452 4.2.2 full"])
    box.on_data = lambda _: next(answers)
    with pytest.raises(ChannelRefusedError):
        channel.hand_over(outgoing())
    with pytest.raises(ChannelBusyError):
        channel.hand_over(outgoing())
    assert not box.messages


def test_a_server_that_is_not_there_is_surely_not_reached() -> None:
    channel = SmtpChannel(settings(1))
    with pytest.raises(ChannelBusyError) as busy:
        channel.hand_over(outgoing())
    assert busy.value.whole


def test_starttls_is_insisted_on(box: Mailbox) -> None:
    channel = SmtpChannel(settings(box.port, security="starttls"))
    with pytest.raises(ChannelBusyError):
        channel.hand_over(outgoing())
    assert not box.messages


def test_a_login_that_is_refused_says_so() -> None:
    def never(*_: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        return AuthResult(success=False, handled=False)

    with mail_server(authenticator=never, auth_require_tls=False) as box:
        channel = SmtpChannel(settings(box.port), "notices", "s3cret-password")
        with pytest.raises(ChannelBusyError) as busy:
            channel.hand_over(outgoing())
    assert "login" in busy.value.sentence
    assert "s3cret" not in repr(busy.value) + repr(channel)


_BCC = "ann@example.com\r\nBcc: victim@evil.example\r\n\r\n"


@pytest.mark.parametrize("rest", ["", HOSTILE])
@pytest.mark.parametrize("field", ["subject", "text", "html"])
def test_nothing_in_any_text_makes_a_header(field: str, rest: str) -> None:
    headers = compose(settings(), outgoing(**{field: _BCC + rest})).partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc:" not in headers
    assert b"victim" not in headers or field == "subject"


def test_nothing_in_what_machines_write_makes_a_header() -> None:
    for changes in ({"recipient": _BCC}, {"key": "ab\r\nBcc: victim@evil.example"}):
        with pytest.raises(ChannelRefusedError):
            compose(settings(), outgoing(**changes))
    mail = compose(settings(), outgoing(references=("<1@x>\r\nBcc: victim@evil.example", "<2@x>")))
    assert b"victim" not in mail


@pytest.mark.parametrize(
    "recipient",
    [
        "a@example.com, b@example.com",
        "a@example.com b@example.com",
        "Ann <a@example.com>",
        "a@example.com\n",
        "",
        "a(b)@example.com",
        '"a b"@example.com',
        "ünï@example.com",
    ],
)
def test_a_recipient_is_one_address(recipient: str) -> None:
    with pytest.raises(ChannelRefusedError):
        compose(settings(), outgoing(recipient))


def test_a_login_in_the_clear_is_refused_by_the_settings() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        settings(host="mail.example.com", user_env="A", password_env="B")


def test_a_line_that_begins_with_a_dot_ends_nothing(box: Mailbox, channel: SmtpChannel) -> None:
    channel.hand_over(outgoing(text="one\n.\n..two\nRCPT TO:<evil@example.com>\n", html="<p>x</p>\n.\n"))
    text = box.mail().get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["one", ".", "..two", "RCPT TO:<evil@example.com>"]
    assert box.counts == {"ann@example.com": 1}


def test_a_long_address_to_unsubscribe_at_stays_readable(box: Mailbox) -> None:
    where = f"https://fleetnest.example/{'x' * 120}?who={{recipient}}"
    channel = SmtpChannel(settings(box.port, unsubscribe=where))
    channel.hand_over(outgoing("ann@example.com"))
    channel.close()
    assert f"List-Unsubscribe: <{where[:-11]}ann%40example.com>".encode() in box.messages[0][1]
