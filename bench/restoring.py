"""Restore tests beside the same steps by hand, from the same archive into the same staging server."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from bench.ways import Bench, Watch, aws, seconds
from bot.app import build
from bot.postgres.address import Address
from bot.settings import read_environment

ROUNDS = 3
MANY_TABLES = 5_000
_MB = 1_000_000


@dataclass
class Restoring:
    """What the restore side measures with. `staging` may make databases."""

    bench: Bench
    staging: Address
    taken: dict[str, list[float]] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)
    disk: list[int] = field(default_factory=list)

    def measure(self) -> None:
        """Each round by hand and by the product, in turns; then the database of many tables once."""
        key, size = self._newest("counted")
        for number in range(ROUNDS):
            self._note("by hand: aws s3 cp, sha256sum, pg_restore -j2", seconds(lambda: self._by_hand(key)))
            for database in ("counted", "fingerprinted"):
                self._prove(database, size)
            print(f"restore round {number + 1}: {self.medians()}", flush=True)
        self._prove("many", self._newest("many")[1])

    def medians(self) -> Mapping[str, float]:
        """By line, in seconds."""
        return {name: statistics.median(values) for name, values in self.taken.items()}

    def _note(self, name: str, value: float) -> None:
        self.taken.setdefault(name, []).append(value)

    def _newest(self, database: str) -> tuple[str, int]:
        house = build(read_environment(self.bench.environ), self.bench.environ)
        try:
            with house.pool.connection() as connection:
                row = connection.execute(
                    "select file_path, file_size_bytes from backup_log where database = %s"
                    " and state = 'stored' order by snapshot_at desc limit 1",
                    [database],
                ).fetchone()
        finally:
            house.close()
        assert row is not None
        return str(row["file_path"]), int(row["file_size_bytes"])

    def _by_hand(self, key: str) -> None:
        target = self.bench.folder / "by-hand.dump"
        copy = [aws(), "s3", "cp", "--quiet", "--endpoint-url", self.bench.s3.endpoint]
        subprocess.run(
            [*copy, f"s3://{self.bench.bucket}/{key}", target], env=self.bench.aws_environment(), check=True
        )
        subprocess.run(["sha256sum", target], check=True, stdout=subprocess.DEVNULL)
        self._in_staging("create database by_hand")
        try:
            subprocess.run(
                [self.bench.client.program("pg_restore"), "-j2", "--no-owner", "--dbname=by_hand", target],
                env={**os.environ, **self.staging.child_environment("bench")}, check=True,
            )  # fmt: skip
        finally:
            self._in_staging("drop database by_hand with (force)")
            target.unlink()

    def _in_staging(self, statement: str) -> None:
        parameters = self.staging.parameters()
        with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]  # libpq's own
            connection.execute(sql.SQL(statement))

    def _prove(self, database: str, archive_bytes: int) -> None:
        watched = self.bench.folder / "restore-tmp"
        watched.mkdir(exist_ok=True)
        environ = {**self.bench.environ, "TMPDIR": str(watched)}
        with Watch(watched) as watch:
            done = subprocess.run(
                [sys.executable, "-m", "bench.prover", database],
                env=environ, check=True, stdout=subprocess.PIPE,
            )  # fmt: skip
        answer = json.loads(done.stdout.splitlines()[-1])
        self._note(f"{database}: download and hash", answer["download"])
        self._note(f"{database}: restore -j2", answer["restore"])
        self._note(f"{database}: download, hash, restore", answer["download"] + answer["restore"])
        self._note(f"{database}: checks", answer["verify"])
        self.peaks.append(int(answer["peak_bytes"]))
        self.disk.append(round(100 * watch.peak / archive_bytes))

    def aims(self) -> list[tuple[str, float, float]]:
        """What was aimed at: a name, what was measured, and the most it should be."""
        medians = self.medians()
        by_hand = medians["by hand: aws s3 cp, sha256sum, pg_restore -j2"]
        ours = medians["counted: download, hash, restore"]
        return [
            ("restore test's download, hash, restore / by hand", ours / by_hand, 1.15),
            ("restore test's peak memory, MB", max(self.peaks) / _MB, 200.0),
            ("restore test's temporary disk / the archive's size", max(self.disk) / 100, 1.0),
        ]


def fill_many(url: str, tables: int = MANY_TABLES) -> None:
    """A database of many small tables, each with a key, an index and a few rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        for begin in range(0, tables, 250):
            statements = (
                f"create table public.t{n} (id integer primary key, body text); "
                f"create index on public.t{n} (body); "
                f"insert into public.t{n} select g, md5(g::text) from generate_series(1, 20) g"
                for n in range(begin, min(begin + 250, tables))
            )
            connection.execute(";".join(statements).encode())
