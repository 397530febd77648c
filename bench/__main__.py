"""`make bench`: every way in one run, taken in turns, medians of three, written to bench/RESULTS.md.

Behind them notices, the clock and a large ledger, once each.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import clock, database, ledger, notices, restoring
from bench.restoring import Restoring
from bench.ways import Bench, seconds
from bot.ledger import migrate
from bot.postgres import address, clients
from bot.sandbox.embedded.servers import LEDGER, EmbeddedServers
from tests.support.s3 import S3Server, seaweedfs
from tests.support.servers import Server, empty_database, traversable_folder

ROUNDS = 3
RESULTS = Path(__file__).with_name("RESULTS.md")
_MB = 1_000_000


def configuration(folder: Path, s3: S3Server, bucket: str) -> Path:
    """One database under two names: counts only, and content fingerprints of every table."""
    path = folder / "bench.toml"
    storage = f'url = "s3://{bucket}"\nendpoint_url = "{s3.endpoint}"\nregion = "{s3.region}"\n'
    storage += 'access_key_env = "BENCH_ACCESS_KEY"\nsecret_key_env = "BENCH_SECRET_KEY"\n'
    databases = "".join(
        f'[databases.{name}]\nurl_env = "{source}"\nfingerprints = "{scope}"\n'
        'staging_url_env = "BENCH_STAGING"\n'
        for name, source, scope in (
            ("counted", "BENCH_SOURCE", "none"),
            ("fingerprinted", "BENCH_SOURCE", "all"),
            ("many", "BENCH_MANY", "all"),
        )
    )
    path.write_text(f"[storage]\n{storage}\n{databases}", encoding="utf-8")
    return path


@contextmanager
def prepared() -> Iterator[tuple[Bench, Restoring, int]]:
    """Servers, filled databases and a bucket; yields what measures and the database's size in bytes."""
    with (
        traversable_folder() as folder,
        EmbeddedServers(folder / "home", samples=False) as servers,
        seaweedfs(folder) as s3,
        empty_database(Server(servers.main, servers._passwords["main/postgres"])) as source,  # noqa: SLF001
        empty_database(Server(servers.main, servers._passwords["main/postgres"])) as many,  # noqa: SLF001
        empty_database(Server(servers.main, servers._passwords[f"main/{LEDGER}"]), LEDGER) as own,  # noqa: SLF001
    ):
        s3.client().create_bucket(Bucket="bench")
        size = database.fill(source.url)
        migrate.migrate(own.url)
        environ = {
            **os.environ,
            "SPAREWHEEL_DATABASE_URL": own.url,
            "SPAREWHEEL_CONFIG": str(configuration(folder, s3, "bench")),
            "BENCH_SOURCE": source.url,
            "BENCH_MANY": many.url,
            "BENCH_STAGING": servers.staging_url,
            "BENCH_ACCESS_KEY": s3.access_key,
            "BENCH_SECRET_KEY": s3.secret_key,
        }
        found = clients.choose(clients.find(None), 17, None)
        restoring.fill_many(many.url)
        bench = Bench(address.parse(source.url), found, s3, "bench", folder, environ)
        yield bench, Restoring(bench, address.parse(servers.staging_url)), size


def measure(bench: Bench) -> dict[str, float]:
    """Medians in seconds. Each round takes every way once, so that a slow minute touches all of them."""
    ways: dict[str, Callable[[], float | None]] = {
        "procedure": bench.procedure,
        "procedure, zstd": bench.procedure_zstd,
        "bare dump": bench.bare,
        "Sparewheel, counts": bench.worker("counted"),
        "Sparewheel, fingerprints": bench.worker("fingerprinted"),
        "counts alone": bench.counts_alone,
        "fingerprints alone": bench.fingerprints_alone,
        f"Sparewheel, {restoring.MANY_TABLES} tables, fingerprints": bench.worker("many"),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(seconds(way))
            print(f"round {number + 1}: {name}: {taken[name][-1]:.2f} s", flush=True)
    return {name: statistics.median(values) for name, values in taken.items()}


def aims(medians: dict[str, float], bench: Bench) -> list[tuple[str, float, float]]:
    """What was aimed at: a name, what was measured, and the most it should be."""
    procedure, bare = medians["procedure"], medians["bare dump"]
    counts, prints = medians["Sparewheel, counts"], medians["Sparewheel, fingerprints"]
    return [
        ("with counts / written procedure", counts / procedure, 0.45),
        ("with counts / bare dump", counts / bare, 1.35),
        ("with fingerprints / written procedure", prints / procedure, 0.45),
        ("with fingerprints / bare dump", prints / bare, 1.35),
        ("fingerprints alone / bare dump", medians["fingerprints alone"] / bare, 0.8),
        ("worker's peak memory, MB", max(bench.worker_peaks) / _MB, 200.0),
        ("temporary disk, MB", max(bench.temporary_bytes) / _MB, 0.0),
    ]


def report(medians: dict[str, float], bench: Bench, back: Restoring, size: int) -> str:
    """The results as Markdown."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    taken = (
        f"Taken on {datetime.now(UTC):%Y-%m-%d} with `make bench`: {cores} cores, {memory / 2**30:.0f} GiB "
        f"of memory, a generated database of {size / _MB:.0f} MB, client {bench.client.version}, "
        f"an S3 server on loopback, medians of {ROUNDS} in turns."
    )
    lines = [
        "# Figures",
        "",
        taken,
        "",
        "| way | seconds |",
        "| --- | --- |",
        *(f"| {name} | {value:.2f} |" for name, value in medians.items()),
        "",
        "| the way back | seconds |",
        "| --- | --- |",
        *(f"| {name} | {value:.2f} |" for name, value in back.medians().items()),
        "",
        "| aim | measured | at most | |",
        "| --- | --- | --- | --- |",
    ]
    for name, got, most in [*aims(medians, bench), *back.aims()]:
        verdict = "met" if got <= most else f"missed by {got - most:.2f}"
        lines.append(f"| {name} | {got:.2f} | {most:.2f} | {verdict} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the results."""
    subprocess.run(["sync"], check=False)
    with prepared() as (bench, back, size):
        print(f"database of {size / _MB:.0f} MB", flush=True)
        medians = measure(bench)
        back.measure()
        text = report(medians, bench, back, size)
        ledger_url = bench.environ["SPAREWHEEL_DATABASE_URL"]
        text += "\n".join(["", *notices.lines(notices.measure(ledger_url)), ""])
        # Last: it empties the queue and the schedules' tables of this ledger.
        text += "\n".join(["", *clock.lines(clock.measure(ledger_url)), ""])
    text += "\n".join(["", *ledger.lines(), ""])  # on servers of its own
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
