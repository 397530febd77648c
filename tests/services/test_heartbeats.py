from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.services.heartbeats import Beat, ping
from tests.support.watcher import Watcher, watcher


def test_start_success_and_fail_are_told_as_the_watcher_expects() -> None:
    with watcher() as seen:
        assert all(ping(f"{seen.url}/abc", beat) for beat in (Beat.START, Beat.SUCCESS, Beat.FAIL))
    assert seen.paths == ["/abc/start", "/abc", "/abc/fail"]


def test_a_watcher_that_refuses_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with watcher(status=500) as seen:
        assert not ping(f"{seen.url}/secret-uuid", Beat.SUCCESS)
    assert "500" in caplog.text
    assert "secret-uuid" not in caplog.text


def test_nobody_there(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with caplog.at_level(logging.WARNING):
        assert not ping(f"http://127.0.0.1:{port}/secret-uuid", Beat.SUCCESS)
        assert not ping("nonsense secret-uuid", Beat.SUCCESS)
    assert "secret-uuid" not in caplog.text


def test_a_watcher_that_drips_for_ever_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    with _dripping() as url:
        assert not ping(url, Beat.START, longest_seconds=0.5)
    assert "does not answer" in caplog.text


@contextmanager
def _dripping() -> Iterator[str]:
    """A server that sends a header's letter now and then: no timeout of a single read is ever reached."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.05):
                    connection.sendall(b"a")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()
            thread.join(30)


def test_the_support_is_a_watcher() -> None:
    assert Watcher("http://x").paths == []
