"""What the rules for alerts look at, asked for every database at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from bot.core.alert_facts import Checked, Failed, HouseFacts, LastTest, Running, Stored, Unreadable, Waiting
from bot.core.backup import Kind
from bot.core.finding import Finding, Severity
from bot.core.restore_test import worst_first
from bot.core.verdict import Verdict
from bot.ledger.connection import LedgerConnection
from bot.ledger.queue import FAST, NOTICES, SLOW
from bot.ledger.statements import statements

_KINDS = (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA)
# Single tables are somebody's errand.
_FAIL = (*_KINDS, Kind.SAFETY)
# The newest, and as many before it as a usual size is made of.
_OF_EACH = 6
_RATES_OF = 5
_IN_WORDS = {
    FAST: "messages and what is due",
    SLOW: "backups, checks and restore tests",
    NOTICES: "notices to customers",
}
# As long as a worker may be silent before it counts as gone.
_WORKER_SILENT_SECONDS = 60.0


@dataclass(frozen=True)
class Rates:
    """How fast the last `tests` tests of full backups were: seconds for each byte, download and restore."""

    seconds: float
    tests: int


def stored(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, dict[Kind, list[Stored]]]:
    """Of each database and kind the newest good backups, newest first."""
    rows = statements("alert_facts").every(
        conn, "stored", databases=list(databases), kinds=[kind.value for kind in _KINDS], limit=_OF_EACH
    )
    found: dict[str, dict[Kind, list[Stored]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        backup = Stored(
            row["id"],
            row["snapshot_at"],
            row["file_size_bytes"],
            row["row_count"],
        )
        found[row["database"]][Kind(row["kind"])].append(backup)
    return found


def checked(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, list[Checked]]:
    """What the last check said of the newest backup of each kind: one that did not pass is no good one."""
    rows = statements("alert_facts").every(
        conn, "checked", databases=list(databases), kinds=[kind.value for kind in _KINDS]
    )
    found: dict[str, list[Checked]] = defaultdict(list)
    for row in rows:
        kind, passed, sentence = Kind(row["kind"]), row["passed"], row["check_sentence"]
        one = Checked(kind, row["id"], row["snapshot_at"], passed, sentence)
        found[row["database"]].append(one)
    return found


def failed(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, list[Failed]]:
    """The newest failure of each database and kind that nothing has made up for."""
    rows = statements("alert_facts").every(
        conn, "failed", databases=list(databases), kinds=[kind.value for kind in _FAIL]
    )
    found: dict[str, list[Failed]] = defaultdict(list)
    for row in rows:
        failure = Failed(row["id"], row["kind"], row["finished_at"], row["sentence"], row["next_step"] or "")
        found[row["database"]].append(failure)
    return found


def tested(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, LastTest | Unreadable]:
    """The newest restore test of each database that ended by itself."""
    rows = statements("alert_facts").every(conn, "tested", databases=list(databases))
    return {row["database"]: _tested_or_not(row) for row in rows}


def proved(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, datetime | None]:
    """When a backup of each database was proved last."""
    rows = statements("alert_facts").every(conn, "proved", databases=list(databases))
    return {row["database"]: row["proved_at"] for row in rows}


def rates(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, float]:
    """Seconds that a byte takes to come back, of each database whose full backups were tested."""
    return {name: found.seconds for name, found in measured_rates(conn, databases).items()}


def measured_rates(conn: LedgerConnection, databases: Sequence[str]) -> dict[str, Rates]:
    """The same, and of how many tests it is the median."""
    rows = statements("alert_facts").every(conn, "rates", databases=list(databases), last=_RATES_OF)
    return {row["database"]: Rates(float(row["download"] + row["restore"]), row["tests"]) for row in rows}


def running(conn: LedgerConnection) -> dict[str, list[Running]]:
    """What is under way, by database."""
    found: dict[str, list[Running]] = defaultdict(list)
    for row in statements("alert_facts").every(conn, "running"):
        usual = timedelta(seconds=float(row["usual"])) if row["usual"] is not None else None
        found[row["database"]].append(Running(row["id"], row["what"], row["started_at"], usual))
    return found


def house(conn: LedgerConnection) -> HouseFacts:
    """When a worker was last heard, and what waits for one."""
    heard = statements("alert_facts").value(conn, "worker_heard")
    rows = statements("alert_facts").every(conn, "waiting", silent_seconds=_WORKER_SILENT_SECONDS)
    return HouseFacts(heard, [_waiting(row) for row in rows])


def _waiting(row: DictRow) -> Waiting:
    name = row["queue_name"]
    # What is fast never has to wait for its like; what is slow does.
    busy = row["busy"] and name != FAST
    return Waiting(name, _IN_WORDS.get(name, f"the queue {name}"), row["waiting"], row["since"], busy)


def _tested_or_not(row: DictRow) -> LastTest | Unreadable:
    """A newer version may write findings that this one has no names for."""
    try:
        return _tested(row)
    except (KeyError, TypeError, ValueError) as error:
        return Unreadable(error)


def _tested(row: DictRow) -> LastTest:
    findings = [Finding(**{**kept, "severity": Severity(kept["severity"])}) for kept in row["findings"]]
    worst = next(iter(worst_first(findings)), None)
    return LastTest(
        row["id"],
        row["backup_id"],
        row["finished_at"],
        Verdict(row["verdict"]),
        worst.sentence if worst else "",
    )
