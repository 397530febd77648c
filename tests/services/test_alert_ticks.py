"""The sign of life to the outside: there while somebody looks, a failure where nobody does, silence else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.app import House
from bot.errors import LedgerUnavailableError
from bot.services.alert_ticks import HeartbeatTick
from bot.settings import HeartbeatSettings
from tests.support.house import Plan, folder_storage, open_house

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


class Watcher(BaseHTTPRequestHandler):
    """Keeps what it was told."""

    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own times are of now, and the suite may have been collected long ago."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def watcher() -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []
    handler = type("Kept", (Watcher,), {"heard": heard})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret-id", heard
        server.shutdown()
        thread.join()


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"shop": "postgresql://nobody@127.0.0.1:1/none"}, {"shop": ""}, folder_storage(tmp_path / "store")
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


def tick(house: House, url: str | None) -> HeartbeatTick:
    environ = {"WATCHER": url} if url else {}
    return HeartbeatTick(house.pool, HeartbeatSettings(process_url_env="WATCHER"), environ)


def test_it_speaks_of_what_was_looked_at(house: House, watcher: tuple[str, list[str]]) -> None:
    url, heard = watcher
    beat = tick(house, url)
    house.alerts.evaluate(NOW)
    beat(NOW + MINUTE)
    beat(NOW + 11 * MINUTE)
    beat(NOW + 13 * MINUTE)
    assert heard == ["/secret-id", "/secret-id", "/secret-id/fail"]
    assert "secret-id" not in repr(beat)


def test_a_clock_that_just_began_fails_nobody_before_it_could_look(
    house: House, watcher: tuple[str, list[str]]
) -> None:
    url, heard = watcher
    house.alerts.evaluate(NOW - timedelta(days=3))  # the machine was off since
    beat = tick(house, url)
    beat(NOW)
    beat(NOW + 11 * MINUTE)
    assert heard == []
    beat(NOW + 12 * MINUTE)  # and it never looked
    assert heard == ["/secret-id/fail"]


def test_a_ledger_that_is_away_is_told_by_silence(house: House, watcher: tuple[str, list[str]]) -> None:
    url, heard = watcher
    house.pool.close()
    with pytest.raises(LedgerUnavailableError):
        tick(house, url)(NOW)
    assert heard == []


def test_without_an_address_nothing_is_asked(house: House) -> None:
    house.pool.close()
    tick(house, None)(NOW)
