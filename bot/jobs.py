"""The worker: the queue's tasks, and what keeps it alive while the ledger comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from bot.core.backup import State
from bot.errors import (
    DatabaseBusyError,
    DeliveryWaitsError,
    LedgerUnavailableError,
    NotConfiguredHereError,
    SlackError,
    SparewheelError,
)
from bot.housekeeping import Housekeeper, RunningJobs
from bot.ledger import backups
from bot.ledger.connection import LedgerPool, borrowed
from bot.ledger.patient import PatientConnector
from bot.ledger.queue import (
    COUNT_RECIPIENTS,
    DELIVER,
    FAST,
    FOLLOW_UP,
    NOTICES,
    PING,
    RUN_BACKUP,
    RUN_CHECK,
    RUN_DELIVERIES,
    RUN_FIRE,
    RUN_RESTORE_TEST,
    SLOW,
)

log = logging.getLogger(__name__)

_BUSY_SECONDS = 5
_LEDGER_AWAY_SECONDS = 15
# Slack being away is waited out for about half a day: 2, 4, 8 … 600 s, then 600 s each time.
_DELIVER_LONGEST_SECONDS = 600
_DELIVER_ATTEMPTS = 80
_RESTART_LONGEST_SECONDS = 15.0
_FIRE_AGAIN_SECONDS = 5
# A worker that was not started again yet does not know a new schedule: others get so many tries at it.
_FIRE_ATTEMPTS = 24


def _nobody_delivers(dispatch_id: str, channel: str) -> None:
    """Where no channels are wired, the job comes back later."""
    raise DeliveryWaitsError(f"Nobody hands {dispatch_id} over on {channel} here.", seconds=60.0)


def _nobody_counts(notice_id: str, number: int) -> None:
    """Where no notices are wired, the job comes back later."""
    raise DeliveryWaitsError(f"Nobody counts the recipients of {notice_id}.{number} here.", seconds=60.0)


@dataclass(frozen=True)
class Scheduled:
    """What the clock and the runs of schedules leave in the queue."""

    run_fire: Callable[[str, datetime, bool], None]  # the last: whether no other try will follow
    follow_up: Callable[[str], None]
    ping: Callable[[str, str], None]


@dataclass(frozen=True)
class Handlers:
    """What the tasks call. Each takes an id; errors are raised, not returned.

    `deliver` raises SlackError where another attempt may help, and returns where none can.
    """

    run_backup: Callable[[str], None]
    run_check: Callable[[str], None]
    run_restore_test: Callable[[str], None]
    deliver: Callable[[str], None]
    sweep: Callable[[], int]
    run_deliveries: Callable[[str, str], None] = _nobody_delivers
    scheduled: Scheduled | None = None
    count_recipients: Callable[[str, int], None] = _nobody_counts


@dataclass(frozen=True)
class WorkerSettings:
    """How many jobs at once, and how patient. All times in seconds."""

    fast: int = 4
    slow: int = 2
    notices: int = 4
    housekeeping_every: float = 15.0
    heartbeat_every: float = 10.0
    silent_after: float = 30.0
    poll_every: float = 1.0  # nobody is told when a lock is free: a verdict waits this long at most
    grace: float = 25.0


class BackupRetry(BaseRetryStrategy):
    """A backup is never repeated by itself. One that could not even begin waits for its turn."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Retry only where the run has not begun (a second claim of a begun one is refused)."""
        del job
        if isinstance(exception, DatabaseBusyError):
            return RetryDecision(retry_in={"seconds": _BUSY_SECONDS})
        if isinstance(exception, LedgerUnavailableError):
            return RetryDecision(retry_in={"seconds": _LEDGER_AWAY_SECONDS})
        return None


class FireRetry(BaseRetryStrategy):
    """What is due is begun when the ledger is back; a configuration that is newer elsewhere is waited for."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Retry what another moment, or another worker, may do."""
        del job
        if isinstance(exception, LedgerUnavailableError | NotConfiguredHereError):
            return RetryDecision(retry_in={"seconds": _FIRE_AGAIN_SECONDS})
        return None


class DeliverRetry(BaseRetryStrategy):
    """A message is tried for hours, ever more slowly; those after it on the same subject wait."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Retry what Slack or the ledger may answer better later."""
        if (
            not isinstance(exception, SlackError | LedgerUnavailableError)
            or job.attempts >= _DELIVER_ATTEMPTS
        ):
            return None
        wait = min(2 ** min(job.attempts + 1, 12), _DELIVER_LONGEST_SECONDS)
        return RetryDecision(retry_in={"seconds": wait})


class DeliveriesRetry(BaseRetryStrategy):
    """A notice's channel is come back to for as long as somebody waits on it; the ledger counts the tries."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Come back when the channel may be used again."""
        del job
        if isinstance(exception, DeliveryWaitsError):
            return RetryDecision(retry_in={"seconds": max(math.ceil(exception.seconds), 1)})
        if isinstance(exception, LedgerUnavailableError):
            return RetryDecision(retry_in={"seconds": _LEDGER_AWAY_SECONDS})
        return None


def build_queue_app(
    connector: PatientConnector, pool: LedgerPool, handlers: Handlers, running: RunningJobs
) -> App:
    """The tasks under the names that Queue defers. Plain functions: they run in threads."""
    app = App(connector=connector)

    @app.task(name=RUN_BACKUP, queue=SLOW, retry=BackupRetry(), pass_context=True)
    def run_backup(context: JobContext, *, backup_id: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.run_backup(backup_id)
            _refuse_waiting(pool, backup_id)

    @app.task(name=RUN_CHECK, queue=SLOW, retry=BackupRetry(), pass_context=True)
    def run_check(context: JobContext, *, check_id: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.run_check(check_id)

    @app.task(name=RUN_RESTORE_TEST, queue=SLOW, retry=BackupRetry(), pass_context=True)
    def run_restore_test(context: JobContext, *, test_id: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.run_restore_test(test_id)

    @app.task(name=DELIVER, queue=FAST, retry=DeliverRetry(), pass_context=True)
    def deliver(context: JobContext, *, outbox_id: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.deliver(outbox_id)

    @app.task(name=RUN_DELIVERIES, queue=NOTICES, retry=DeliveriesRetry(), pass_context=True)
    def run_deliveries(context: JobContext, *, dispatch_id: str, channel: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.run_deliveries(dispatch_id, channel)

    @app.task(name=COUNT_RECIPIENTS, queue=FAST, retry=DeliveriesRetry(), pass_context=True)
    def count_recipients(context: JobContext, *, notice_id: str, number: int) -> None:
        with running.noted(context), _quiet_errors():
            handlers.count_recipients(notice_id, number)

    if handlers.scheduled is not None:
        _add_schedule_tasks(app, handlers.scheduled, running)
    return app


def _add_schedule_tasks(app: App, handlers: Scheduled, running: RunningJobs) -> None:
    """What schedules ask for, and what their runs set off."""

    @app.task(name=RUN_FIRE, queue=FAST, retry=FireRetry(), pass_context=True)
    def run_fire(context: JobContext, *, schedule: str, fire_time: str) -> None:
        with running.noted(context), _quiet_errors():
            last_try = context.job.attempts >= _FIRE_ATTEMPTS
            handlers.run_fire(schedule, datetime.fromisoformat(fire_time), last_try)

    @app.task(name=FOLLOW_UP, queue=FAST, retry=FireRetry(), pass_context=True)
    def follow_up(context: JobContext, *, backup_id: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.follow_up(backup_id)

    @app.task(name=PING, queue=FAST, pass_context=True)
    def ping(context: JobContext, *, schedule: str, beat: str) -> None:
        with running.noted(context), _quiet_errors():
            handlers.ping(schedule, beat)


@dataclass
class Worker:
    """One process's worker: `run` blocks until SIGTERM, SIGINT or `stop`.

    The first signal lets running jobs end for `grace` seconds; then, or at a second signal, `abandon` is set,
    which handlers may look at to end early. `url` must reach the server directly: LISTEN does not pass a
    transaction pooler.
    """

    url: str
    pool: LedgerPool
    handlers: Handlers
    settings: WorkerSettings = field(default_factory=WorkerSettings)
    abandon: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._stop_early = threading.Event()

    def run(self) -> None:
        """Work until told to stop. A ledger that is down is waited for, not fatal."""
        asyncio.run(self._main())

    def stop(self) -> None:
        """Ask for the end, from any thread; a second time sets `abandon`."""
        self._stop_early.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop_asked)

    def _stop_asked(self) -> None:
        assert self._stopping is not None
        if self._stopping.is_set():
            self.abandon.set()
        self._stopping.set()

    async def _main(self) -> None:
        self._stopping, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if self._stop_early.is_set():
            self._stopping.set()
        threads = self.settings.fast + self.settings.slow + self.settings.notices + 2
        self._loop.set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="job"))
        running = RunningJobs()
        connector = PatientConnector(self.url, self._stopping, max_size=4)
        app = build_queue_app(connector, self.pool, self.handlers, running)
        housekeeper = Housekeeper(self.pool, running, self.handlers.sweep, self.settings.silent_after)
        with self._signals():
            async with connector.opened(app):
                await self._until_stopped(app, housekeeper)

    async def _until_stopped(self, app: App, housekeeper: Housekeeper) -> None:
        assert self._stopping is not None
        work = [
            asyncio.create_task(self._keep_working(app, FAST, self.settings.fast)),
            asyncio.create_task(self._keep_working(app, SLOW, self.settings.slow)),
            asyncio.create_task(self._keep_working(app, NOTICES, self.settings.notices)),
            asyncio.create_task(self._keep_house(housekeeper)),
        ]
        await self._stopping.wait()
        _, unfinished = await asyncio.wait(work, timeout=self.settings.grace)
        if unfinished:
            log.warning("jobs still run after %s s of grace; telling them to give up", self.settings.grace)
            self.abandon.set()
        await asyncio.gather(*work)

    async def _keep_working(self, app: App, queue: str, concurrency: int) -> None:
        """Run the library's worker, and start it again whenever it ends without being asked.

        It does end: another worker that starts up prunes whoever was silent for long, and the pruned one
        fails at its next fetch.
        """
        pause = 1.0
        while not self._is_stopping:
            begun = asyncio.get_running_loop().time()
            await self._work_once(app, queue, concurrency)
            if asyncio.get_running_loop().time() - begun > _RESTART_LONGEST_SECONDS:
                pause = 1.0
            await self._stopped_within(pause)
            pause = min(pause * 2, _RESTART_LONGEST_SECONDS)

    async def _work_once(self, app: App, queue: str, concurrency: int) -> None:
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[queue],
                name=queue,
                concurrency=concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=self.settings.poll_every,
                update_heartbeat_interval=self.settings.heartbeat_every,
                stalled_worker_timeout=self.settings.silent_after,
            )
        )
        assert self._stopping is not None
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        worker.cancel()  # the library's graceful end: no new jobs, running ones finish
        (outcome,) = await asyncio.gather(worker, return_exceptions=True)
        if isinstance(outcome, Exception):
            log.warning("the %s worker ended: %s; it is started again", queue, type(outcome).__name__)

    async def _keep_house(self, housekeeper: Housekeeper) -> None:
        while not self._is_stopping:
            await asyncio.to_thread(housekeeper.tidy)
            await self._stopped_within(self.settings.housekeeping_every)

    @property
    def _is_stopping(self) -> bool:
        assert self._stopping is not None
        return self._stopping.is_set()

    async def _stopped_within(self, seconds: float) -> None:
        assert self._stopping is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. Only a main thread may; elsewhere the owner calls stop()."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        assert self._loop is not None
        both = (signal.SIGTERM, signal.SIGINT)
        for number in both:
            self._loop.add_signal_handler(number, self._stop_asked)
        try:
            yield
        finally:
            for number in both:
                self._loop.remove_signal_handler(number)


def _refuse_waiting(pool: LedgerPool, backup_id: str) -> None:
    """Raise where the run could not begin: somebody on the command line has the database."""
    with borrowed(pool) as connection:
        waiting = backups.get(connection, backup_id).state is State.QUEUED
    if waiting:
        raise DatabaseBusyError(f"Backup {backup_id} waits: another one of its database runs.")


@contextlib.contextmanager
def _quiet_errors() -> Iterator[None]:
    """The queue logs a failed job with its whole chain of causes; ours carries only what may be said."""
    try:
        yield
    except SparewheelError as error:
        raise error from None
