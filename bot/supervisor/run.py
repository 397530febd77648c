"""The order of things: servers, sandbox, ledger, then the processes that work; and the same backwards."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bot.errors import ConfigurationError, ServiceError
from bot.ledger import migrate
from bot.sandbox.embedded.servers import EmbeddedServers
from bot.sandbox.slack import credentials
from bot.sandbox.slack.client import SandboxClient
from bot.settings import Environment, read_environment
from bot.supervisor import attach, banner, plan, world
from bot.supervisor.child import Child, say
from bot.supervisor.plan import Plan, SlackEdge

_READY_SECONDS = 90.0
# Its own grace for running jobs, then the seconds in which they report that they were cancelled.
_WORKER_PATIENCE = 45.0
_WATCH_SECONDS = 0.3
_TRIES_BEFORE_READY = 3


@dataclass
class Stopping:
    """What the signals asked for: `asked` to stop in order, `hurry` to stop now."""

    asked: threading.Event = field(default_factory=threading.Event)
    hurry: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle SIGINT, SIGTERM and SIGHUP while inside; the second of them hurries."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        (self.hurry if self.asked.is_set() else self.asked).set()


class Supervisor:
    """Runs the whole product from one process until it is asked to stop."""

    def __init__(self, environ: Mapping[str, str], stopping: Stopping) -> None:
        self.environment: Environment = read_environment(environ)
        self.plan: Plan = plan.read(self.environment)
        self.home = self.environment.home.resolve()
        self.children: list[Child] = []
        self._stopping = stopping
        self._variables = dict(environ) | {"SPAREWHEEL_HOME": str(self.home)}
        self._ours = attach.given(environ)  # with what is ours: left for other terminals
        self._anything_ran = False
        self._servers: EmbeddedServers | None = None

    @property
    def variables(self) -> Mapping[str, str]:
        """The children's environment, secrets included."""
        return self._variables

    def run(self) -> None:
        """Start everything, say where it is, and keep it running until asked to stop.

        Raises:
            SparewheelError: a part cannot start, or ended for good.
        """
        with ExitStack() as stack:
            stack.callback(self._say_stopped)
            if not self.start(stack):
                return
            problems = [problem for child in self.children for problem in child.problems]
            banner.show(self.plan, self.home, self._variables, problems, self._page_link())
            while not self._stopping.asked.wait(_WATCH_SECONDS):
                self.watch()
            say("stopping (Ctrl-C again to hurry)")

    def start(self, stack: ExitStack) -> bool:
        """Start every part in order; False where a signal came first. `stack` stops what was started."""
        _make_usable(self.home)
        steps = (self._start_servers, self._prepare_ledger, self._start_sandbox, self._start_workers)
        for step in steps:
            if self._stopping.asked.is_set():
                return False
            step(stack)
        return not self._stopping.asked.is_set()

    def watch(self) -> None:
        """Start again what has ended by itself.

        Raises:
            ServiceError: a part ended with the exit code that says that no restart will help.
            SandboxError: an embedded server ends again and again.
        """
        for words in self._servers.look_after() if self._servers else ():
            say(words)
        for child in self.children:
            if child.is_hopeless:
                raise ServiceError(f"{child.name} cannot run.", next_step=_said_above(child))
            child.look_after()

    def _say_stopped(self) -> None:
        if self._anything_ran:
            say("everything is stopped")

    def _page_link(self) -> str:
        """Where a browser opens the sandbox, once; empty without a sandbox."""
        return SandboxClient(self.home).link() if self.plan.slack is SlackEdge.SANDBOX else ""

    def _give(self, **variables: str) -> None:
        self._variables |= variables
        self._ours |= variables

    def _start_servers(self, stack: ExitStack) -> None:
        if not self.plan.embedded:
            return
        say(f"starting the embedded PostgreSQL servers in {self.home} (the first time takes a little)")
        servers = EmbeddedServers(self.home)
        stack.callback(servers.stop)
        servers.start()
        self._servers = servers
        self._anything_ran = True
        if self.plan.ledger:
            self._give(SPAREWHEEL_DATABASE_URL=servers.ledger_url)
        if self.plan.samples:
            self._give(SPAREWHEEL_CONFIG=str(servers.write_configuration()))
            (self.home / "backups").mkdir(mode=0o700, exist_ok=True)
            # Over whatever is set: the sandbox shall see no database but its own.
            self._give(**servers.environment())
        else:
            self._lend_samples(servers)

    def _lend_samples(self, servers: EmbeddedServers) -> None:
        """A configuration that was copied from the sandbox's keeps working: real Slack, sample databases.

        Only variables called SAMPLE_… are ever filled in: a forgotten production address stays forgotten.
        """
        for name, url in servers.environment().items():
            if not self._variables.get(name):
                say(f"{name} is not set; it means the embedded sample")
                self._give(**{name: url})

    def _start_sandbox(self, stack: ExitStack) -> None:
        if self.plan.slack is not SlackEdge.SANDBOX:
            return
        self._launch(
            stack, Child("sandbox", ("sandbox", "serve"), self.home, self._variables, 5.0, "magenta")
        )
        self._wait_until_ready()
        found = credentials.read(self.home)
        self._give(
            SLACK_BOT_TOKEN=found.bot_token,
            SLACK_APP_TOKEN=found.app_token,
            SLACK_API_URL=f"{credentials.read_address(self.home).rstrip('/')}/api/",
        )

    def _prepare_ledger(self, stack: ExitStack) -> None:
        url = self._variables["SPAREWHEEL_DATABASE_URL"]
        migrate.migrate(url)
        if not self.plan.ledger:  # our own may see both worlds, one after the other
            world.register(url, sandbox=self.plan.slack is SlackEdge.SANDBOX)
        stack.callback(attach.remove, self.home)

    def _start_workers(self, stack: ExitStack) -> None:
        self._launch(
            stack, Child("worker", ("worker",), self.home, self._variables, _WORKER_PATIENCE, "green")
        )
        if self.plan.slack is SlackEdge.HTTP:
            self._launch(stack, Child("web", ("web",), self.home, self._variables, 10.0, "blue"))
        elif self.plan.slack is not SlackEdge.NONE:
            self._launch(stack, Child("socket", ("socket",), self.home, self._variables, 10.0, "blue"))
        self._wait_until_ready()
        # After the others: what is wrong with the configuration is then said once.
        self._launch(stack, Child("clock", ("clock",), self.home, self._variables, 5.0, "yellow"))
        self._wait_until_ready()
        attach.write(self.home, self._ours)

    def _launch(self, stack: ExitStack, child: Child) -> None:
        child.start()
        self._anything_ran = True
        self.children.append(child)
        stack.callback(self._stop, child)

    def _stop(self, child: Child) -> None:
        self.children.remove(child)
        child.stop(self._stopping.hurry)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _READY_SECONDS
        while waiting := [child for child in self.children if not child.is_ready]:
            if self._stopping.asked.wait(0.1):
                return
            self.watch()
            given_up = [c for c in waiting if c.failures >= _TRIES_BEFORE_READY or time.monotonic() > until]
            if given_up:
                raise ServiceError(
                    f"{given_up[0].name} did not become ready.",
                    next_step=_said_above(given_up[0]),
                )


def _make_usable(home: Path) -> None:
    """Make the home, and see that files can be made in it.

    Raises:
        ConfigurationError: they cannot.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"The folder {home}, where data and logs go, cannot be written to: {error.strerror}.",
            next_step="Set SPAREWHEEL_HOME to a folder that this account may write to.",
        ) from None


def _said_above(child: Child) -> str:
    """Its own words came already, with its name before them; they are not said twice."""
    return f"Mend what it says above, then start again (everything it ever said: {child.log})."
