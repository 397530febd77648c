"""Alerts in the ledger: one row each time something goes wrong, one line for each step of its life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from psycopg.rows import DictRow

from bot.core.alerts import Alert, AlertEvent, Resolution, Severity, State, What
from bot.errors import NotFoundError
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements

_NEVER_CHANGES = ("key", "rule", "database", "seen_at")


def get(conn: LedgerConnection, alert_id: str) -> Alert:
    """The alert of exactly this id.

    Raises:
        NotFoundError: there is none.
    """
    row = statements("alerts").one(conn, "get", id=alert_id)
    if row is None:
        raise NotFoundError(f"There is no alert {alert_id}.", next_step="Type `/alerts` to see what is open.")
    return _alert(row)


def find_by_prefix(conn: LedgerConnection, prefix: str) -> list[Alert]:
    """Alerts that people were told of whose id starts like this, newest first, at most 20."""
    return _alerts(statements("alerts").every(conn, "find_by_prefix", prefix=prefix))


def live(conn: LedgerConnection) -> list[Alert]:
    """Every alert that is not over, those that nobody was told of yet among them."""
    return _alerts(statements("alerts").every(conn, "live"))


def lately_resolved(conn: LedgerConnection, since: datetime) -> list[Alert]:
    """Of each key the newest that ended after `since`."""
    return _alerts(statements("alerts").every(conn, "lately_resolved", since=since))


def told(conn: LedgerConnection, database: str | None = None) -> list[Alert]:
    """What is open or acknowledged, critical ones first."""
    return _alerts(statements("alerts").every(conn, "told", database=database))


def resolved_since(conn: LedgerConnection, since: datetime, limit: int) -> list[Alert]:
    """What is over since then, newest first."""
    return _alerts(statements("alerts").every(conn, "resolved_since", since=since, limit=limit))


def insert(conn: LedgerConnection, alert: Alert) -> bool:
    """Write one that waits. False: another clock was quicker (or drew the same id)."""
    values = {name: getattr(alert, name) for name in ("id", *_NEVER_CHANGES, "sentence", "next_step")}
    return statements("alerts").run(conn, "insert", severity=alert.severity.value, **values) == 1


def save(conn: LedgerConnection, alert: Alert, was: int) -> bool:
    """Write an alert whose newest event was number `was`. False: somebody else has changed it since."""
    names = [f.name for f in fields(Alert) if f.name not in _NEVER_CHANGES]
    values = {name: getattr(alert, name) for name in names}
    values["severity"], values["state"] = alert.severity.value, alert.state.value
    values["resolution"] = alert.resolution.value if alert.resolution else None
    return statements("alerts").run(conn, "save", was=was, **values) == 1


def forget(conn: LedgerConnection, alert_id: str) -> bool:
    """Remove one that went away before anybody was told."""
    return statements("alerts").run(conn, "forget", id=alert_id) == 1


def add_event(conn: LedgerConnection, alert_id: str, event: AlertEvent) -> None:
    """Add a line to an alert's history."""
    values = {**vars(event), "what": event.what.value}
    statements("alerts").run(conn, "add_event", alert_id=alert_id, **values)


def events(conn: LedgerConnection, alert_id: str) -> list[AlertEvent]:
    """An alert's history, oldest first."""
    rows = statements("alerts").every(conn, "events", alert_id=alert_id)
    return [AlertEvent(**{**row, "what": What(row["what"])}) for row in rows]


def now(conn: LedgerConnection) -> datetime:
    """The ledger's time."""
    told: datetime = statements("alerts").value(conn, "now")
    return told


def mark_once(conn: LedgerConnection, names: Sequence[str], at: datetime) -> None:
    """Keep when something was first known; later calls change nothing."""
    statements("alerts").run(conn, "mark_once", names=list(names), at=at)


def mark(conn: LedgerConnection, name: str, at: datetime) -> None:
    """Keep when something was last done."""
    statements("alerts").run(conn, "mark", name=name, at=at)


def unmark(conn: LedgerConnection, name: str) -> None:
    """Forget a date."""
    statements("alerts").run(conn, "unmark", name=name)


def marks(conn: LedgerConnection) -> dict[str, datetime]:
    """Every date that is kept."""
    return {row["name"]: row["at"] for row in statements("alerts").every(conn, "marks")}


def marks_of(conn: LedgerConnection, names: Sequence[str]) -> dict[str, datetime]:
    """Those of these dates that are kept."""
    return {row["name"]: row["at"] for row in statements("alerts").every(conn, "marks_of", names=list(names))}


def undelivered(conn: LedgerConnection, older_than_seconds: float) -> list[str]:
    """Outbox ids of alerts' messages that wait that long, in order, at most 50."""
    rows = statements("alerts").every(conn, "undelivered", older_than_seconds=float(older_than_seconds))
    return [row["id"] for row in rows]


def purge(conn: LedgerConnection, resolved_before: datetime) -> int:
    """Forget what was over before then, with its history; answers how many."""
    return statements("alerts").run(conn, "purge", before=resolved_before)


def _alerts(rows: Sequence[DictRow]) -> list[Alert]:
    return [_alert(row) for row in rows]


def _alert(row: DictRow) -> Alert:
    return Alert(
        **{
            **row,
            "severity": Severity(row["severity"]),
            "state": State(row["state"]),
            "resolution": Resolution(row["resolution"]) if row["resolution"] else None,
        }
    )
