"""Every other service, by Apprise URL. Apprise says yes or no, and not whether a no can have arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import apprise

from bot.channels.interface import Outgoing, Receipt
from bot.errors import ChannelRefusedError, ChannelUnknownError, ConfigurationError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+]{0,19}")


@dataclass
class AppriseChannel:
    """`urls`: a label that tells nothing secret -> its URL."""

    urls: dict[str, str] = field(repr=False)

    def hand_over(self, message: Outgoing) -> Receipt:
        """Notify the service of one label. See Channel.hand_over."""
        url = self.urls.get(message.recipient)
        if url is None:
            raise ChannelRefusedError(f"There is no service {message.recipient} any more.")
        service = apprise.Apprise()
        if not service.add(url):
            raise ChannelRefusedError(f"Apprise cannot read the address of {message.recipient}.")
        taken = service.notify(
            title=message.subject, body=message.text, body_format=apprise.NotifyFormat.TEXT
        )
        if not taken:
            raise ChannelUnknownError(f"{message.recipient} did not say that it took it.")
        return Receipt(message.key)

    def close(self) -> None:
        """Nothing is kept open."""


def labelled(text: str, variable: str) -> dict[str, str]:
    """URLs, one a line -> label and URL; the label is a number and the scheme, as the rest holds secrets.

    Raises:
        ConfigurationError: there is none, or one that Apprise cannot read.
    """
    urls = [line.strip() for line in text.splitlines() if line.strip()]
    found = {f"{n}-{_scheme(url)}": url for n, url in enumerate(urls, 1)}
    wrong = [label for label, url in found.items() if not apprise.Apprise().add(url)]
    if wrong or not found:
        raise ConfigurationError(
            f"{variable} holds no Apprise URL{'s' if wrong else ''} that can be read: "
            f"{', '.join(wrong) or 'it is empty'}.",
            next_step="Write one URL a line, as Apprise's documentation lists them.",
        )
    return found


def _scheme(url: str) -> str:
    """What stands before `://`, where that is a word; a mistyped URL may be nothing but its secret."""
    scheme, parted, _ = url.partition("://")
    return scheme.lower() if parted and _SCHEME.fullmatch(scheme) else "unreadable"
