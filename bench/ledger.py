"""What is asked of a ledger of a million backups: alerts, figures, status and report.

`python -m bench.ledger` prints Markdown. The ledger is an embedded server's own, and goes with it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bot.app import House, build
from bot.core.backup import Kind
from bot.core.people import Actor, Role, Source
from bot.ledger import alerts, health, migrate
from bot.ledger.connection import SCHEMA, borrowed, ledger_conninfo
from bot.sandbox.embedded.servers import LEDGER, EmbeddedServers
from bot.services import due
from bot.services.alert_facts import since_mark
from bot.settings import read_environment
from tests.support.servers import Server, empty_database, traversable_folder

ROWS, DATABASES = 1_000_000, 100
ROUNDS = 100
ACTOR = Actor("local", "bench", Source.COMMAND_LINE, frozenset({Role.OPERATOR}))

# One in fifty failed; every kind in turn; one backup in two hundred was restored for a test.
_FILL = """
INSERT INTO backup_log (
    id, database, backup_type, format, team, requested_user, source, requested_by, created_at, state,
    attempt, started_at, finished_at, snapshot_at, backup_date, file_path, manifest_key, s3_location,
    file_size_bytes, sha256_checksum, row_count, table_count, error_rule, error_sentence
)
SELECT
    lpad(to_hex(n), 8, '0'), 'shop' || n %% %(databases)s,
    (ARRAY['full', 'critical', 'schema'])[1 + n / %(databases)s %% 3],
    'custom', 'T', 'clock', 'schedule', 'schedule:T/clock', at, CASE WHEN bad THEN 'failed' ELSE 'stored' END,
    'a', at, at + interval '90 seconds',
    CASE WHEN NOT bad THEN at END, CASE WHEN NOT bad THEN at::date END, 'a/' || n, 'm/' || n,
    CASE WHEN NOT bad THEN 's3://b/a/' || n END, CASE WHEN NOT bad THEN 1000000 + n %% 1000 END,
    CASE WHEN NOT bad THEN repeat('ab', 32) END, CASE WHEN NOT bad THEN 100000 + n %% 100 END, 10,
    CASE WHEN bad THEN 'unreachable' END, CASE WHEN bad THEN 'The server went away.' END
FROM (
    SELECT n, n %% 50 = 7 AS bad, now() - (%(rows)s - n) * interval '26 seconds' - interval '1 hour' AS at
    FROM generate_series(1, %(rows)s) AS n
) AS backup;
INSERT INTO restore_test (
    id, backup_id, database, asked_for, team, requested_user, source, requested_by, created_at, state,
    attempt, started_at, finished_at, way, archive_bytes, archive_sha256, download_seconds, restore_seconds,
    verify_seconds, verdict, findings
)
SELECT id, id, database, 'latest full', 'T', 'clock', 'schedule', 'schedule:T/clock', finished_at, 'finished',
    'a', finished_at, finished_at + interval '60 seconds', 'everything', file_size_bytes, sha256_checksum,
    1, 30, 5, 'PASS', '[]'
FROM backup_log WHERE state = 'stored' AND backup_type = 'full' AND hashtext(id) %% 67 = 0;
"""


@contextmanager
def filled() -> Iterator[House]:
    """A house whose ledger holds everything."""
    with (
        traversable_folder() as folder,
        EmbeddedServers(folder / "home", samples=False) as servers,
        empty_database(Server(servers.main, servers._passwords[f"main/{LEDGER}"]), LEDGER) as ledger,  # noqa: SLF001
    ):
        (folder / "archives").mkdir()
        environ = {
            **os.environ,
            "SPAREWHEEL_DATABASE_URL": ledger.url,
            "SPAREWHEEL_CONFIG": str(_configuration(folder)),
        }
        migrate.migrate(ledger.url)
        began = time.perf_counter()
        with psycopg.connect(ledger_conninfo(ledger.url), autocommit=True) as connection:
            for statement in _FILL.split(";\n"):
                if statement.strip():
                    connection.execute(statement, {"rows": ROWS, "databases": DATABASES})
            connection.execute("vacuum (analyze)")
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        house = build(read_environment(environ), environ)
        _know_schedules(house)
        _lay_newest(house, folder / "archives")
        try:
            yield house
        finally:
            house.close()


def _know_schedules(house: House) -> None:
    """As if the clock had known every schedule for longer than coverage looks back."""
    known = [since_mark(one.key) for one in due.schedules(house.configuration)]
    with borrowed(house.pool) as connection:
        alerts.mark_once(connection, known, datetime.now(UTC) - timedelta(days=400))


def _lay_newest(house: House, archives: Path) -> None:
    """The newest backups really lie there, as holes of their size: the report looks at them."""
    with borrowed(house.pool) as connection:
        found = health.newest(connection, house.sources.names(), (Kind.FULL, Kind.CRITICAL, Kind.SCHEMA))
    for record in (record for by_kind in found.values() for record in by_kind.values()):
        for key, size in ((record.archive_key, record.size_bytes), (record.manifest_key, 2)):
            path = archives / str(key)
            path.parent.mkdir(exist_ok=True)
            path.touch()
            os.truncate(path, size or 0)


def _configuration(folder: Path) -> Path:
    path = folder / "bench.toml"
    text = f'[storage]\nurl = "{(folder / "archives").as_uri()}"\n'
    for number in range(DATABASES):
        text += f'[databases.shop{number}]\nurl_env = "NONE"\nrpo = "24h"\nrto = "4h"\n'
        for kind in ("full", "critical", "schema"):
            text += f'[databases.shop{number}.schedules.{kind}]\nkind = "{kind}"\ncron = "0 2 * * *"\n'
    path.write_text(text, encoding="utf-8")
    return path


def percentiles(action: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds, the first call left out."""
    action()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[math.ceil(len(taken) * 0.99) - 1]


def questions(house: House) -> dict[str, tuple[Callable[[], object], int]]:
    """What is measured, and how often."""
    clock = iter(range(1_000_000))

    def evaluate() -> None:
        now = datetime.now(UTC) + timedelta(seconds=next(clock) / 1000)
        house.alerts.apply(house.alerts._look_at_ledger(now), now)  # noqa: SLF001 - without the storage's part

    return {
        f"alerts, all rules, {DATABASES} databases": (evaluate, ROUNDS),
        f"/metrics, {DATABASES} databases": (house.metrics.exposition, ROUNDS),
        "/backup status, one database": (lambda: house.backups.status(ACTOR, "shop7"), ROUNDS),
        f"/backup status, {DATABASES} databases": (lambda: house.backups.status(ACTOR), 10),
        "/backup report, one database": (lambda: house.health_reports.on_demand(ACTOR, "shop7"), ROUNDS),
        f"the morning's report, {DATABASES} databases": (house.health_reports.health, 10),
        "the Home tab": (lambda: house.home.of(ACTOR), 10),
    }


def whole_reads(house: House) -> int:
    """How often the two big tables were read from end to end so far, by the server's own count."""
    with psycopg.connect(ledger_conninfo(house.ledger_url)) as connection:
        row = connection.execute(
            "select sum(seq_scan)::int from pg_stat_user_tables "
            "where schemaname = %s and relname in ('backup_log', 'restore_test')",
            [SCHEMA],
        ).fetchone()
    assert row is not None  # an aggregate always has its row
    return int(row[0])


def lines() -> Iterator[str]:
    """Measure, and give the results as a table in Markdown, line by line as they come."""
    with filled() as house:
        before = whole_reads(house)
        yield f"| {ROWS:,} backups in the ledger | median, ms | p99, ms |"
        yield "| --- | --- | --- |"
        for name, (action, rounds) in questions(house).items():
            median, worst = percentiles(action, rounds)
            yield f"| {name} | {median:.1f} | {worst:.1f} |"
        time.sleep(1.5)  # the server's statistics come with a delay
        yield ""
        yield f"The two big tables were read from end to end {whole_reads(house) - before} times."


if __name__ == "__main__":
    for each in lines():
        print(each, flush=True)
