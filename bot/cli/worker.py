"""`sparewheel worker`: runs the queue's jobs with the house's parts, and shows how far they are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import click

from bot.app import House
from bot.cli import doctor
from bot.cli.part import restartable
from bot.cli.session import open_house
from bot.jobs import Handlers, Scheduled, Worker
from bot.ledger import backups, restore_tests, slack_messages
from bot.ledger.connection import borrowed
from bot.services.heartbeats import Beat
from bot.services.run_deliveries import DeliveryRunner
from bot.slack import channels
from bot.slack.client import patient_client, quick_client
from bot.slack.deliver import Deliverer
from bot.slack.edge import bot_token
from bot.slack.progress import Shown, SlackProgress
from bot.slack.views import Surroundings
from bot.supervisor import ready
from bot.wiring.deliveries import delivery_runner_of
from bot.wiring.topics import deliverer_of

log = logging.getLogger(__name__)
_SHUTDOWN = "the worker's shutdown"


@click.command()
@restartable
def worker() -> None:
    """Run backups, checks and restore tests, deliver messages, and clear up behind dead processes."""
    with open_house() as house:
        progress, deliverer = _slack_parts(house)
        hands = Hands(house, progress, deliverer, delivery_runner_of(house, progress))
        jobs = Worker(
            house.ledger_url,
            house.pool,
            Handlers(
                hands.run_backup,
                hands.run_check,
                hands.run_restore_test,
                hands.deliver,
                hands.sweep,
                hands.deliveries.run,
                scheduled=Scheduled(hands.run_fire, house.follow_ups.test_backup, hands.ping),
                count_recipients=house.notices.counting.run,
            ),
        )
        threading.Thread(target=hands.give_up_on, args=(jobs.abandon,), daemon=True).start()
        looks = doctor.quick_looks(house)  # a configuration that cannot work is found here
        threading.Thread(target=_look_and_announce, args=(house, looks), daemon=True).start()
        jobs.run()


def _look_and_announce(house: House, looks: Mapping[str, doctor.Look]) -> None:
    """Say what would make backups fail before the first one does; meanwhile the work has begun."""
    found = doctor.problems(house, looks)
    for problem in found:
        log.warning("look at %s", problem)
    ready.announce(found)


@dataclass(frozen=True)
class Hands:
    """What the queue's tasks call. Without a Slack token there is nobody to tell, and work goes on."""

    house: House
    progress: SlackProgress | None
    deliverer: Deliverer | None
    deliveries: DeliveryRunner
    running: set[str] = field(default_factory=set)
    testing: set[str] = field(default_factory=set)

    def run_backup(self, backup_id: str) -> None:
        """Run a queued backup to its end."""
        self.running.add(backup_id)
        try:
            self.house.runner.run(backup_id, self._show)
        finally:
            self.running.discard(backup_id)

    def run_check(self, check_id: str) -> None:
        """Run a queued check to its end."""
        self.house.checker.run(check_id, self._show)

    def run_restore_test(self, test_id: str) -> None:
        """Run a queued restore test to its end."""
        self.testing.add(test_id)
        try:
            self.house.restore_tester.run(test_id, self._show)
        finally:
            self.testing.discard(test_id)

    def deliver(self, outbox_id: str) -> None:
        """Post a message; without Slack it stays in the outbox."""
        if self.deliverer is not None:
            self.deliverer.deliver(outbox_id)

    def run_fire(self, schedule: str, fire_time: datetime, last_try: bool) -> None:
        """Begin what a schedule's due time asks for."""
        self.house.fires.run(schedule, fire_time, last_try=last_try)

    def ping(self, schedule: str, beat: str) -> None:
        """Tell a schedule's outside watcher."""
        self.house.follow_ups.ping(schedule, Beat[beat])

    def sweep(self) -> int:
        """End what dead processes left, and deliver what nobody comes for any more."""
        ended = self.house.reaper.sweep() + self.house.deliveries.send_forgotten()
        if self.deliverer is not None:
            with borrowed(self.house.pool) as connection:
                ended += self.house.notifier.send_again(connection)
        return ended

    def give_up_on(self, abandon: threading.Event) -> None:
        """Cancel what this process still runs when a shutdown's grace is over.

        A row that says so beats a lost lease that somebody has to wait for.
        """
        abandon.wait()
        self.deliveries.stopping.set()  # the recipient in flight is written down, the others wait
        for backup_id in tuple(self.running):
            log.warning("cancelling backup %s: this worker is stopped", backup_id)
            with borrowed(self.house.pool) as connection:
                backups.request_cancel(connection, backup_id, _SHUTDOWN)
        for test_id in tuple(self.testing):
            log.warning("cancelling restore test %s: this worker is stopped", test_id)
            with borrowed(self.house.pool) as connection:
                restore_tests.request_cancel(connection, test_id, _SHUTDOWN)

    def _show(self, view: Shown) -> None:
        if self.progress is not None:
            self.progress.update(view)


def _slack_parts(house: House) -> tuple[SlackProgress | None, Deliverer | None]:
    """What draws progress and what posts, or neither where no Slack is connected.

    Raises:
        ConfigurationError: a configured channel does not exist.
    """
    if house.environment.slack_bot_token is None:
        log.warning("no Slack is connected: messages stay in the outbox")
        return None, None
    token, api_url = bot_token(house.environment), house.environment.slack_api_url
    patient = patient_client(token, api_url)
    channels.refuse_unknown(patient, house.configuration)
    around = Surroundings(contacts=house.configuration.contacts)

    def place_of(topic: str, subject: str) -> tuple[str, str] | None:
        with borrowed(house.pool) as connection:
            return slack_messages.get(connection, topic, subject)

    return SlackProgress(quick_client(token, api_url), place_of, around), deliverer_of(house)
