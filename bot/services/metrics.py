"""Figures for a monitor, asked of the ledger at each scrape: what cannot be known is absent, never frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.core.alert_facts import DatabaseFacts, HouseFacts
from bot.core.alerts import Severity, State
from bot.errors import LedgerUnavailableError
from bot.ledger import alert_facts, outbox
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerPool, ledger_errors
from bot.services.alert_facts import Gatherer
from bot.services.alert_looks import Looker
from bot.services.alerts import EVALUATED

_PREFIX = "sparewheel_"
# A scrape that waits longer is given up by the monitor, and then says nothing at all.
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class _Seen:
    """Everything that one scrape asks."""

    databases: Sequence[DatabaseFacts]
    house: HouseFacts
    marks: dict[str, datetime]
    alerts: dict[tuple[str, str], int]
    unsent: int


@dataclass(frozen=True, eq=False)  # the library keeps collectors by identity
class Metrics(Collector):
    """`exposition()` is what `/metrics` answers."""

    pool: LedgerPool
    gatherer: Gatherer
    looker: Looker

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is depends on what can be known."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure that can be known now."""
        now = datetime.now(UTC)
        try:
            seen = self._look(now)
        except LedgerUnavailableError:
            yield _gauge("ledger_up", "Whether the ledger answers.", 0)
            return
        yield _gauge("ledger_up", "Whether the ledger answers.", 1)
        yield from _of_house(seen, self.looker.mark)
        for family in _families():
            for facts in seen.databases:
                _add(family, facts)
            if family.samples:
                yield family

    def _look(self, now: datetime) -> _Seen:
        with ledger_errors(), self.pool.connection(timeout=_PATIENCE_SECONDS) as connection:
            counted: dict[tuple[str, str], int] = {
                (severity.value, state.value): 0
                for severity in Severity
                for state in (State.OPEN, State.ACKNOWLEDGED)
            }
            for alert in ledger.told(connection):
                counted[alert.severity.value, alert.state.value] += 1
            return _Seen(
                self.gatherer.gather(connection, now).databases,
                alert_facts.house(connection),
                ledger.marks(connection),
                counted,
                outbox.count_waiting(connection),
            )


def _of_house(seen: _Seen, looked: str) -> Iterator[Metric]:
    family = GaugeMetricFamily(_PREFIX + "alerts", "Alerts that are not over.", labels=["severity", "state"])
    for labels, number in seen.alerts.items():
        family.add_metric(labels, number)
    yield family
    yield _gauge("outbox_waiting", "Messages that Slack does not have yet.", seen.unsent)
    waiting = seen.house.waiting
    jobs = sum(each.jobs for each in waiting)
    yield _gauge("queue_waiting_jobs", "Jobs that a free worker could take up at once.", jobs)
    dates = {
        "worker_heard": ("When a worker last said that it lives.", seen.house.worker_heard_at),
        "queue_waiting_since": (
            "Since when the oldest of them waits.",
            min((each.since for each in waiting), default=None),
        ),
        "alerts_evaluated": ("When everything was last looked at.", seen.marks.get(EVALUATED)),
        "storage_looked": ("When the storage was last looked at for every database.", seen.marks.get(looked)),
    }
    for name, (said, at) in dates.items():
        if at is not None:
            yield _gauge(f"{name}_timestamp_seconds", said, at.timestamp())


def _families() -> list[GaugeMetricFamily]:
    by_kind, by_database = ["database", "kind"], ["database"]
    families = [
        ("backup_snapshot_timestamp_seconds", "The newest good backup's snapshot.", by_kind),
        ("backup_size_bytes", "The newest good backup's size.", by_kind),
        ("backup_rows", "Rows in the newest good backup.", by_kind),
        ("backup_check_passed", "Whether the newest backup, good or not, passed its last check.", by_kind),
        ("backup_failed", "Whether a failure stands that no later backup made up for.", by_database),
        ("proved_timestamp_seconds", "The end of the last restore test that passed.", by_database),
        (
            "recovery_expected_seconds",
            "Bringing the newest full one back, as measured.",
            by_database,
        ),
        ("rpo_seconds", "How much may be lost.", by_database),
        ("rto_seconds", "How long bringing it back may take.", by_database),
        ("runs_running", "Backups and restore tests under way.", by_database),
    ]
    return [GaugeMetricFamily(_PREFIX + name, said, labels=labels) for name, said, labels in families]


def _add(family: GaugeMetricFamily, facts: DatabaseFacts) -> None:
    """One database's figures in this family; none where they are not known."""
    name = family.name.removeprefix(_PREFIX)
    if name == "backup_check_passed":
        for each in facts.checked:
            family.add_metric([facts.name, each.kind.value], float(each.passed))
        return
    if name.startswith("backup_") and name != "backup_failed":
        _add_kinds(family, name, facts)
        return
    value: float | None = {
        "backup_failed": float(bool(facts.failed)),
        "proved_timestamp_seconds": facts.proved_at.timestamp() if facts.proved_at else None,
        "recovery_expected_seconds": _seconds(facts.recovery),
        "rpo_seconds": _seconds(facts.rpo),
        "rto_seconds": _seconds(facts.rto),
        "runs_running": float(len(facts.running)),
    }[name]
    if value is not None:
        family.add_metric([facts.name], value)


def _add_kinds(family: GaugeMetricFamily, name: str, facts: DatabaseFacts) -> None:
    for kind, backups in facts.stored.items():
        newest = backups[0]
        value: float | None = {
            "backup_snapshot_timestamp_seconds": newest.snapshot_at.timestamp(),
            "backup_size_bytes": newest.size_bytes,
            "backup_rows": newest.rows,
        }[name]
        if value is not None:
            family.add_metric([facts.name, kind.value], float(value))


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, said, value=value)


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None
