"""One PostgreSQL cluster of our own: made once, started as a child, stopped with its parent."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import make_conninfo

from bot.errors import SandboxError
from bot.sandbox.embedded.accounts import Account
from bot.sandbox.embedded.children import end, free_port, spawn

HOST = "127.0.0.1"
_START_S = 60.0  # crash recovery of a toy takes seconds
_HBA = f"# Loopback and a password, nothing else.\nhost all all {HOST}/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "80",
    "max_locks_per_transaction": "256",  # a backup of 5,000 tables holds each of them three times over
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",  # a toy has no standby
    "max_wal_senders": "0",
    "autovacuum_naptime": "10s",  # fresh estimates soon after the samples are loaded
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # statements may hold passwords and rows
    "log_error_verbosity": "terse",  # so may DETAIL
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Cluster:
    """A cluster's place and how to run it. `data` need not exist yet.

    Attributes:
        name: for messages.
        data: the data folder.
        bin_dir: where initdb and postgres are.
        account: whom they run as.
        superuser: the bootstrap superuser's name.
        password: the superuser's password.
        locale: initdb's locale options.
        durable: False turns fsync off, for tests.
    """

    name: str
    data: Path
    bin_dir: Path
    account: Account
    superuser: str
    password: str = field(repr=False)
    locale: tuple[str, ...] = ("--locale=C.UTF-8",)
    durable: bool = True
    port: int = 0
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data.with_name(f"{self.data.name}.log")

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs as our child."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def conninfo(self, database: str, role: str | None = None, password: str | None = None) -> str:
        """A connection string, for psycopg; the superuser's where no role is given."""
        return make_conninfo(
            host=HOST,
            port=self.port,
            dbname=database,
            user=role or self.superuser,
            password=password or self.password,
            connect_timeout=10,
        )

    def url(self, database: str, role: str, password: str) -> str:
        """The same as a URL; names and passwords here never need escaping."""
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"

    def create(self) -> None:
        """Run initdb, unless it has been: into a folder beside `data`, renamed when it is whole.

        Raises:
            SandboxError: initdb failed.
        """
        for leftover in self.data.parent.glob(f"{self.data.name}.partial-*"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)  # the password for an initdb that was killed
        if self.data.is_dir():
            return
        partial = self.data.with_name(f"{self.data.name}.partial-{os.getpid()}-{secrets.token_hex(4)}")
        partial.mkdir()
        self.account.own(partial, 0o700)
        self._initdb(partial)
        hba = partial / "pg_hba.conf"
        hba.write_text(_HBA, encoding="utf-8")
        partial.rename(self.data)

    def _initdb(self, folder: Path) -> None:
        password_file = folder.with_name(f"{folder.name}.pw")
        try:
            password_file.touch(mode=0o600)
            self.account.own(password_file, 0o600)
            password_file.write_text(self.password, encoding="utf-8")
            options = ["--encoding=UTF8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"]
            options += [f"--username={self.superuser}", f"--pwfile={password_file}", *self.locale]
            with self.log.open("ab") as output:
                child = spawn(
                    [str(self.bin_dir / "initdb"), f"--pgdata={folder}", *options],
                    account=self.account,
                    environ=self._environ(),
                    output=output,
                    death_signal=signal.SIGKILL,
                )
                failed = child.wait()
        finally:
            password_file.unlink(missing_ok=True)
        if failed:
            raise self._error(f"The embedded {self.name} database could not be made")

    def start(self, preferred_port: int | None = None) -> None:
        """Start the server and wait until it takes connections; `port` then says where.

        Raises:
            SandboxError: it did not start.
        """
        self._clear_the_way()
        for attempt in range(3):  # a port may be taken between the probe and the start
            self.port = free_port(preferred_port if attempt == 0 else None)
            if self._try_start():
                return
        raise self._error(f"The embedded {self.name} server did not start")

    def start_again(self) -> None:
        """Start a server that ended by itself, on the port that its clients were told.

        Raises:
            SandboxError: it did not start, or somebody else has the port now.
        """
        self._clear_the_way()
        if free_port(self.port) != self.port or not self._try_start():
            raise self._error(f"The embedded {self.name} server ended and could not be started again")

    def _try_start(self) -> bool:
        settings = {**_SETTINGS, **({} if self.durable else _NOT_DURABLE), "port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as output:
            self._child = spawn(
                [str(self.bin_dir / "postgres"), "-D", str(self.data), *options],
                account=self.account,
                environ=self._environ(),
                output=output,
                death_signal=signal.SIGINT,  # postgres's fast shutdown
            )
        until = time.monotonic() + _START_S
        while self._child.poll() is None and time.monotonic() < until:
            if self._says_ready(self._child.pid):
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def stop(self) -> None:
        """Stop the server: fast shutdown, after 20 s an immediate one. Nothing is left running."""
        if self._child is not None:
            end(self._child, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
            self._child = None

    def _says_ready(self, pid: int) -> bool:
        """What pg_ctl looks at: line 1 of postmaster.pid is the process, line 8 its state."""
        lines = _lines(self.data / "postmaster.pid")
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004  the eighth line

    def _clear_the_way(self) -> None:
        """End a server that outlived its parent, and remove a postmaster.pid that names nobody's server.

        The caller holds the home's lock, so no other parent owns this folder. A server's working folder
        is its data folder: that, not the number alone, tells it from a stranger with a reused id.
        """
        pid_file = self.data / "postmaster.pid"
        lines = _lines(pid_file)
        until = time.monotonic() + _START_S
        signals = iter((signal.SIGINT, signal.SIGQUIT))
        while lines and lines[0].isdigit() and _works_in(int(lines[0]), self.data):
            if time.monotonic() > until:
                raise self._error(f"An earlier embedded {self.name} server does not stop")
            if (number := next(signals, None)) is not None:
                os.kill(int(lines[0]), number)
            for _ in range(100):
                if not _works_in(int(lines[0]), self.data):
                    break
                time.sleep(0.1)
        self._end_orphans()
        pid_file.unlink(missing_ok=True)

    def _end_orphans(self) -> None:
        """End the sessions of a server that was killed: they live on until they next wait for something.

        Without its postmaster.pid a new server would not notice them, and both would write the same files.
        """
        until = time.monotonic() + _START_S
        while orphans := [pid for pid in _process_ids() if _works_in(pid, self.data)]:
            if time.monotonic() > until:
                raise self._error(f"Sessions of an earlier embedded {self.name} server do not end")
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
            time.sleep(0.1)

    def _environ(self) -> Mapping[str, str]:
        return {"PATH": f"{self.bin_dir}:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    def _error(self, sentence: str) -> SandboxError:
        tail = self.log.read_bytes()[-2000:].decode(errors="replace") if self.log.exists() else ""
        return SandboxError(
            f"{sentence}.", next_step=f"Look at the end of {self.log}, then start again.", cause=tail
        )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False
