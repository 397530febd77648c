"""What monitors ask: whether the process lives, whether it can work, and figures that are never frozen."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app import House, build
from bot.cli import health
from bot.errors import ConfigurationError
from bot.ledger.connection import borrowed
from bot.settings import read_environment
from tests.ledger import support
from tests.support.house import Plan, folder_storage, open_house

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own times are of now, and the suite may have been collected long ago."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan(
        {"shop": "postgresql://nobody@127.0.0.1:1/none"},
        {"shop": 'rpo = "24h"'},
        folder_storage(tmp_path / "store"),
        {"SPAREWHEEL_METRICS_PORT": "0"},
    )
    with open_house(plan, ledger_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def port(house: House) -> Iterator[int]:
    with health.serving(house) as listening:
        assert listening
        yield listening


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def figures(port: int) -> dict[tuple[str, ...], float]:
    """(name, label values…) -> value."""
    status, text = get(port, "/metrics")
    assert status == 200
    return {
        (sample.name.removeprefix("sparewheel_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_not_known_is_absent(house: House, port: int) -> None:
    found = figures(port)
    assert found["ledger_up",] == 1
    assert found["rpo_seconds", "shop"] == 86400
    assert found["alerts", "critical", "open"] == 0
    names = {key[0] for key in found}
    assert not names & {"backup_snapshot_timestamp_seconds", "proved_timestamp_seconds", "rto_seconds"}
    with borrowed(house.pool) as connection:
        record = support.stored(connection, "shop", size=4711, snapshot_at=NOW - timedelta(hours=1))
    found = figures(port)
    assert found["backup_size_bytes", "shop", "full"] == 4711
    assert found["backup_snapshot_timestamp_seconds", "shop", "full"] == pytest.approx(
        (NOW - timedelta(hours=1)).timestamp()
    )
    assert ("backup_check_passed", "shop", "full") not in found
    with borrowed(house.pool) as connection:
        connection.execute(
            "update backup_log set checked_at = now(), check_ok = false,"
            " damaged_at = now(), damaged_why = $$Other bytes.$$, damaged_seen_by = $$check$$"
        )
    assert figures(port)["backup_check_passed", "shop", "full"] == 0
    assert record.id


def test_open_alerts_are_counted(house: House, port: int) -> None:
    house.alerts.evaluate(NOW)
    house.alerts.evaluate(NOW + timedelta(minutes=2))
    found = figures(port)
    assert found["alerts", "critical", "open"] == 1  # no worker
    assert found["alerts", "warning", "open"] == 1  # no schedule
    assert found["alerts_evaluated_timestamp_seconds",] == pytest.approx(NOW.timestamp() + 120)


def test_a_ledger_that_is_away_freezes_nothing(house: House, port: int) -> None:
    assert get(port, "/healthz") == (200, "ok")
    assert get(port, "/readyz") == (200, "ok")
    house.pool.close()
    assert figures(port) == {("ledger_up",): 0}
    assert get(port, "/healthz") == (200, "ok")
    status, reason = get(port, "/readyz")
    assert (status, reason) == (503, "The bot's own database cannot be reached.")


def test_a_ledger_of_another_version_is_not_ready(house: House, port: int) -> None:
    with borrowed(house.pool) as connection:
        connection.execute("update schema_version set version_num = '0001'")
    assert get(port, "/readyz") == (503, "The ledger's tables are of an older version.")


def test_without_a_port_nothing_listens_and_a_taken_one_is_said(house: House, port: int) -> None:
    environ = dict(house.environ)
    del environ["SPAREWHEEL_METRICS_PORT"]
    with health.serving(build(read_environment(environ), environ)) as nothing:
        assert nothing is None
    taken = {**environ, "SPAREWHEEL_METRICS_PORT": str(port)}
    with (
        pytest.raises(ConfigurationError, match="cannot be listened on"),
        health.serving(build(read_environment(taken), taken)),
    ):
        pass


def test_figures_stay_inside() -> None:
    """Slack's door is open to the world; which databases there are is nobody's business there."""
    outside = {route.path for route in health.public_routes(build(read_environment({}), {}))}
    assert outside == {"/healthz", "/readyz"}
