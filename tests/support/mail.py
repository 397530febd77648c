"""A real SMTP server on loopback that keeps what it takes, and misbehaves on request."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What arrived. `refuse`: address -> the answer to RCPT. `before_data`, `after_data`: hooks."""

    port: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    refuse_all: str | None = None
    on_data: Callable[[int], str | None] = lambda _: None  # the answer, or None: taken
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def counts(self) -> Counter[str]:
        """How many messages each recipient got."""
        with self.lock:
            return Counter(recipient for recipient, _ in self.messages)

    def mail(self, number: int = -1) -> EmailMessage:
        found = message_from_bytes(self.messages[number][1], policy=POLICY)
        assert isinstance(found, EmailMessage)
        return found

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        del server, session, options
        answer = self.refuse_all or self.refuse.get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del session
        with self.lock:
            number = len(self.messages)
        answer = self.on_data(number)
        if answer == "die":
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        if answer and not answer.startswith("2"):
            return answer
        assert isinstance(envelope.content, bytes)
        with self.lock:
            self.messages += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        if answer == "250 die":
            assert server.transport is not None
            server.transport.close()
        return "250 taken"


class _AnyPort(Controller):
    """The library looks whether it serves at the port that was asked for, which is 0 here."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(**options: Any) -> Iterator[Mailbox]:
    """Runs until the end of the block, on a port of its own."""
    box = Mailbox()
    controller = _AnyPort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
