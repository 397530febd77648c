"""The ways that are measured, each from the same database into storage or a file."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bot.postgres import address, catalog, fingerprint
from bot.postgres.address import Address
from bot.postgres.clients import Client
from tests.support.s3 import S3Server


@dataclass
class Bench:
    """What every way needs. `folder` is on the same disk for all of them."""

    source: Address
    client: Client
    s3: S3Server
    bucket: str
    folder: Path
    environ: Mapping[str, str]
    worker_peaks: list[int] = field(default_factory=list)
    temporary_bytes: list[int] = field(default_factory=list)

    def _child_environment(self) -> dict[str, str]:
        return {**os.environ, **self.source.child_environment("bench")}

    def _dump_to_file(self, *options: str) -> Path:
        target = self.folder / "bench.dump"
        with target.open("wb") as out:
            subprocess.run(
                [self.client.program("pg_dump"), "-Fc", *options],
                env=self._child_environment(), stdout=out, check=True,
            )  # fmt: skip
        return target

    def procedure(self) -> None:
        """The written procedure: dump to a file, sha256sum, aws s3 cp."""
        self._by_hand()

    def procedure_zstd(self) -> None:
        """The same with the newer compression, which the procedure does not use."""
        self._by_hand("--compress=zstd:3")

    def _by_hand(self, *options: str) -> None:
        target = self._dump_to_file(*options)
        subprocess.run(["sha256sum", target], check=True, stdout=subprocess.DEVNULL)
        copy = [aws(), "s3", "cp", "--quiet", "--endpoint-url", self.s3.endpoint, str(target)]
        subprocess.run([*copy, f"s3://{self.bucket}/by-hand.dump"], env=self.aws_environment(), check=True)
        target.unlink()

    def aws_environment(self) -> dict[str, str]:
        """What the AWS command line needs to reach the bucket."""
        return {
            **os.environ,
            "AWS_ACCESS_KEY_ID": self.s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            "AWS_DEFAULT_REGION": self.s3.region,
        }

    def bare(self) -> None:
        """Bare pg_dump with zstd into a file: no hash, no copy elsewhere, no counts."""
        self._dump_to_file("--compress=zstd:3").unlink()

    def counts_alone(self) -> None:
        """count(*) of every table."""
        self._measure(content=False)

    def fingerprints_alone(self) -> None:
        """Content fingerprints of every table, without a dump."""
        self._measure(content=True)

    def _measure(self, *, content: bool) -> None:
        with address.connect(self.source, application_name="sparewheel bench") as connection:
            for relation in catalog.read(connection).relations:
                if relation.kind == "table":
                    fingerprint.measure(connection, relation, content=content)

    def worker(self, database: str) -> Callable[[], float]:
        """One backup by a worker process; answers the seconds that the worker itself measured."""

        def run() -> float:
            watched = self.folder / "tmp"
            watched.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "bench.worker", database]
            environ = {**self.environ, "TMPDIR": str(watched)}
            with Watch(watched) as watch:
                done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
            answer = json.loads(done.stdout.splitlines()[-1])
            self.worker_peaks.append(int(answer["peak_bytes"]))
            self.temporary_bytes.append(watch.peak)
            return float(answer["seconds"])

        return run


class Watch:
    """The most bytes that lay in a folder while it was watched, looked at 50 times a second."""

    def __init__(self, folder: Path) -> None:
        self.peak = 0
        self._folder = folder
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, _bytes_in(self._folder))


def _bytes_in(folder: Path) -> int:
    """Bytes of all files below; what is removed while it is looked at counts as nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).stat().st_size
    return total


def aws() -> str:
    """The AWS command line, which the written procedure uses.

    Raises:
        SystemExit: it is not installed, and nothing else would be the procedure's way.
    """
    found = shutil.which("aws")
    if found is None:
        sys.exit("bench: the written procedure needs the AWS command line; install `awscli` and try again.")
    return found


def seconds(way: Callable[[], float | None]) -> float:
    """How long a way takes; a way that measures itself is believed."""
    began = time.perf_counter()
    own = way()
    return own if own is not None else time.perf_counter() - began
