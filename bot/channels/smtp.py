"""E-mail, one message to each recipient over one kept connection; a lost answer is told from a refusal."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from functools import lru_cache
from urllib.parse import quote

from bot.channels.interface import Outgoing, Receipt
from bot.errors import ChannelBusyError, ChannelError, ChannelRefusedError, ChannelUnknownError
from bot.settings.channels import SmtpSettings

_ENHANCED = re.compile(rb"\d\.\d{1,3}\.\d{1,3}(?= |$)")
_LINE_DOT = re.compile(rb"(?m)^\.")
_CLOSING, _GO_ON, _GONE_FOR_GOOD = 421, 354, 500
_OK = frozenset({250, 251, 252})
_POLICY = SMTP.clone(cte_type="7bit")
_VISIBLE = re.compile(r"[\x21-\x7e]{3,254}")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,200}>")
_MOST_REFERENCES = 20


@dataclass
class SmtpChannel:
    """One connection, opened when the first message goes, and again when the server closed it."""

    settings: SmtpSettings
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    _connection: smtplib.SMTP | None = field(default=None, repr=False)
    _refused: bool = False

    def hand_over(self, message: Outgoing) -> Receipt:
        """Send one mail. Its reference is the Message-ID. See Channel.hand_over."""
        payload = compose(self.settings, message)
        try:
            connection = self._begin()
            self._answered(connection, lambda: connection.rcpt(message.recipient), "the address")
            self._answered(connection, lambda: connection.docmd("DATA"), "the message", frozenset({_GO_ON}))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise _unreached(error) from None
        self._send(connection, payload)
        return Receipt(message_id(self.settings, message))

    def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _begin(self) -> smtplib.SMTP:
        """MAIL FROM on the kept connection; where the server had closed that one meanwhile, on a new one."""
        if self._connection is not None:
            try:
                if self._refused:
                    self._connection.rset()
                self._mail_from(self._connection)
            except (OSError, smtplib.SMTPException, ChannelBusyError):
                self.close()
            else:
                self._refused = False
                return self._connection
        self._connection, self._refused = self._connect(), False
        self._mail_from(self._connection)
        return self._connection

    def _mail_from(self, connection: smtplib.SMTP) -> None:
        code, said = connection.mail(self.settings.sender)
        if code not in _OK:
            self.close()
            raise ChannelBusyError(f"The mail server refuses the sender ({_codes(code, said)}).", whole=True)

    def _connect(self) -> smtplib.SMTP:
        s, domain = self.settings, self.settings.sender.rpartition("@")[2]
        context = ssl.create_default_context()
        try:
            if s.security == "tls":
                connection: smtplib.SMTP = smtplib.SMTP_SSL(
                    s.host, s.port, local_hostname=domain, timeout=s.timeout, context=context
                )
            else:
                connection = smtplib.SMTP(s.host, s.port, local_hostname=domain, timeout=s.timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise _unreached(error) from None
        try:
            self._enter(connection, context)
        except smtplib.SMTPAuthenticationError as error:
            connection.close()
            raise ChannelBusyError(
                f"The mail server refuses the login ({error.smtp_code}).", whole=True
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            connection.close()
            raise _unreached(error) from None
        return connection

    def _enter(self, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
        connection.ehlo_or_helo_if_needed()
        if self.settings.security == "starttls":
            connection.starttls(context=context)
        if self.user is not None and self.password is not None:
            connection.login(self.user, self.password)

    def _answered(
        self,
        connection: smtplib.SMTP,
        ask: Callable[[], tuple[int, bytes]],
        what: str,
        yes: frozenset[int] = _OK,
    ) -> None:
        code, said = ask()
        if code not in yes:
            self._no(connection, code, said, what)

    def _no(self, connection: smtplib.SMTP, code: int, said: bytes, what: str) -> None:
        if code == _CLOSING or code < 0 or connection.sock is None:
            self.close()
            raise ChannelBusyError(f"The mail server ends the connection ({_codes(code, said)}).", whole=True)
        self._refused = True
        raise _said(code, said, what)

    def _send(self, connection: smtplib.SMTP, payload: bytes) -> None:
        """The message itself. From its first byte on, no answer means that nobody knows."""
        ends = b"" if payload.endswith(b"\r\n") else b"\r\n"
        try:
            connection.send(_LINE_DOT.sub(b"..", payload) + ends + b".\r\n")
            code, said = connection.getreply()
        except (OSError, smtplib.SMTPException):
            self.close()
            raise ChannelUnknownError(
                "The mail server was given the message and did not say whether it took it."
            ) from None
        if code not in _OK:
            self._no(connection, code, said, "the message")


def compose(settings: SmtpSettings, message: Outgoing) -> bytes:
    """The mail: text and HTML, and what lets readers thread it and unsubscribe.

    Raises:
        ChannelRefusedError: the recipient is no single address.
    """
    recipient = _address(message.recipient)
    where = settings.unsubscribe.replace("{recipient}", quote(recipient, safe=""))
    lines = [
        f"Message-ID: {message_id(settings, message)}",
        f"Date: {formatdate(localtime=False)}",
        f"To: {recipient}",
        f"List-Unsubscribe: <{where}>",
    ]
    if where.startswith("https://"):
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")  # RFC 8058
    if known := [one for one in message.references if _MESSAGE_ID.fullmatch(one)]:
        lines += [f"In-Reply-To: {known[-1]}", "References: " + "\r\n ".join(known[-_MOST_REFERENCES:])]
    # One long word a line: the library would encode it, and no reader find the address in there.
    head = "".join(f"{line}\r\n" for line in lines).encode("ascii")
    return head + _same_for_all(settings, message.subject, message.text, message.html)


def message_id(settings: SmtpSettings, message: Outgoing) -> str:
    """The same at every attempt at this recipient. Raises ChannelRefusedError."""
    found = f"<{message.key}@{settings.sender.rpartition('@')[2]}>"
    if not _MESSAGE_ID.fullmatch(found):
        raise ChannelRefusedError("This message has no id that mail can carry.")
    return found


@lru_cache(maxsize=8)
def _same_for_all(settings: SmtpSettings, subject: str, text: str, html: str) -> bytes:
    """What every recipient's mail ends with, made once: encoding it ten thousand times takes minutes."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    mail["Subject"] = " ".join(subject.split())
    if settings.reply_to:
        mail["Reply-To"] = Address(addr_spec=settings.reply_to)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def _address(recipient: str) -> str:
    try:
        address = Address(addr_spec=recipient)
    except (ValueError, IndexError, HeaderParseError):
        raise ChannelRefusedError("This is no address that mail can be sent to.") from None
    if address.addr_spec != recipient or not _VISIBLE.fullmatch(recipient):
        raise ChannelRefusedError("This is no address that mail can be sent to.")
    return recipient


def _said(code: int, said: bytes, what: str) -> ChannelError:
    if code >= _GONE_FOR_GOOD:
        return ChannelRefusedError(f"The mail server refused {what} ({_codes(code, said)}).")
    return ChannelBusyError(f"The mail server does not take {what} now ({_codes(code, said)}).")


def _codes(code: int, said: bytes) -> str:
    """The codes alone: the words behind them repeat addresses."""
    found = _ENHANCED.match(said)
    return f"{code} {found[0].decode()}" if found else str(code)


def _unreached(error: Exception) -> ChannelBusyError:
    kind = type(error).__name__
    return ChannelBusyError(f"The mail server could not be reached or left ({kind}).", whole=True, cause=kind)
