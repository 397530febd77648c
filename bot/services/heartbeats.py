"""Tells an outside watcher that something began, went well or failed, as healthchecks.io understands it."""

from __future__ import annotations

import logging
import threading
from enum import StrEnum
from urllib.parse import urlsplit

import requests

from bot.settings import Configuration

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.05
_READ_SECONDS = 5.0
# A server that sends a byte now and then passes every timeout of a single read.
_LONGEST_SECONDS = 10.0


class Beat(StrEnum):
    """What is told. The value is put behind the address."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


def variables(configuration: Configuration) -> frozenset[str]:
    """The names of the variables in which the configuration expects watchers' addresses."""
    named = {configuration.heartbeats.process_url_env}
    named |= {
        schedule.heartbeat_url_env
        for database in configuration.databases.values()
        for schedule in database.schedules.values()
    }
    return frozenset(name for name in named if name)


def is_address(url: str) -> bool:
    """Whether it can be asked at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def ping(url: str, beat: Beat, longest_seconds: float = _LONGEST_SECONDS) -> bool:
    """Tell it once, within `longest_seconds`, and say whether the watcher took it.

    Nothing is raised and the address, which is a secret of its kind, is not logged: a watcher that is away
    must not spoil what it watches over.
    """
    taken = threading.Event()
    sender = threading.Thread(target=_send, args=(url, beat, taken), daemon=True, name="heartbeat")
    sender.start()
    sender.join(longest_seconds)
    if sender.is_alive():
        log.warning("a heartbeat's address does not answer; nothing waits for it any more")
    return taken.is_set()


def _send(url: str, beat: Beat, taken: threading.Event) -> None:
    try:
        with requests.get(
            url.rstrip("/") + beat.value, timeout=(_CONNECT_SECONDS, _READ_SECONDS), stream=True
        ) as answer:
            code, well = answer.status_code, answer.ok
    except requests.RequestException as error:
        log.warning("a heartbeat did not reach its address: %s", type(error).__name__)
        return
    if well:
        taken.set()
    else:
        log.warning("a heartbeat's address answered with %s", code)
