"""The composition root: settings in, every part wired once. Nothing else knows everyone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial

from bot.channels.open import ConfiguredChannels
from bot.core.approvals import Approval
from bot.core.people import Actor
from bot.core.reply import Attachment
from bot.errors import ConfigurationError
from bot.ledger.connection import LedgerConnection, LedgerPool, open_pool
from bot.ledger.queue import Queue
from bot.postgres import address
from bot.services import audit_check, due, health_reports, notice_book, own_store
from bot.services.access import Gate
from bot.services.afterwards import Afterwards, FollowUps
from bot.services.alert_desk import AlertDesk
from bot.services.alert_facts import Gatherer
from bot.services.alert_looks import Looker
from bot.services.alert_telling import AlertTeller
from bot.services.alerts import Alerts
from bot.services.approval_aftermath import Aftermath
from bot.services.approval_telling import ApprovalTelling
from bot.services.approvals import Approvals
from bot.services.archiving import Archiver, Run
from bot.services.audit_check import AuditCheck
from bot.services.backups import Backups
from bot.services.beginnings import Beginnings
from bot.services.break_glass import BreakGlass
from bot.services.check_backup import BackupChecker
from bot.services.deliveries import Deliveries
from bot.services.doubting import Doubting
from bot.services.fires import Fires
from bot.services.health_reports import HealthReports
from bot.services.home import Home
from bot.services.metrics import Metrics
from bot.services.notice_parts import NoticeParts, build_notices
from bot.services.notice_texts import NoticeTexts
from bot.services.notifying import Notifier
from bot.services.outcomes import Outcomes
from bot.services.proving import Prover, Trial
from bot.services.reaper import Reaper
from bot.services.recipients import Recipients
from bot.services.restore_tests import RestoreTests
from bot.services.run_backup import BackupRunner, note_upload
from bot.services.run_restore_test import RestoreTester, note_scratch
from bot.services.schedules import Schedules
from bot.services.scratch_reaper import ScratchReaper
from bot.services.sources import Sources
from bot.services.witnesses import Witnesses
from bot.settings import Configuration, Environment, load_configuration
from bot.storage.interface import Store
from bot.storage.open import open_reader, open_store


@dataclass(frozen=True)
class House:
    """Every part, built at first use and once. `environ` holds secrets and never shows in repr()."""

    environment: Environment
    environ: Mapping[str, str] = field(repr=False)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration file, checked."""
        if self.environment.config is None:
            raise ConfigurationError(
                "No configuration is named: SPAREWHEEL_CONFIG is not set.",
                next_step="Set SPAREWHEEL_CONFIG to your sparewheel.toml, or start `make run` to try it out.",
            )
        return load_configuration(self.environment.config)

    @cached_property
    def ledger_url(self) -> str:
        """The ledger's address."""
        if self.environment.database_url is None:
            raise ConfigurationError(
                "The bot's own database is not named: SPAREWHEEL_DATABASE_URL is not set.",
                next_step="Set SPAREWHEEL_DATABASE_URL, or start `make run` to try it out.",
            )
        return self.environment.database_url.get_secret_value()

    @cached_property
    def pool(self) -> LedgerPool:
        """Connections to the ledger. The caller of build() closes the house, and with it this pool."""
        return open_pool(self.ledger_url)

    @cached_property
    def store(self) -> Store:
        """Where archives live."""
        return open_store(self.configuration.storage, self.environ)

    @cached_property
    def sources(self) -> Sources:
        """The configured databases."""
        return Sources(self.configuration, self.environ)

    @cached_property
    def queue(self) -> Queue:
        """Where services leave work."""
        return Queue()

    @cached_property
    def notifier(self) -> Notifier:
        """Writes messages into the outbox."""
        return Notifier(self.queue, self.configuration.slack.operations_channel)

    @cached_property
    def gate(self) -> Gate:
        """Looks at roles."""
        return Gate(self.pool)

    @cached_property
    def outcomes(self) -> Outcomes:
        """Writes how runs end."""
        return Outcomes(self.pool, self.notifier, Afterwards(self.configuration, self.queue))

    @cached_property
    def backups(self) -> Backups:
        """What people ask of backups."""
        return Backups(self.pool, self.sources, self.store, self.queue, self.notifier, self.gate)

    @cached_property
    def restore_tests(self) -> RestoreTests:
        """What people ask of restore tests."""
        return RestoreTests(self.pool, self.sources, self.queue, self.notifier, self.gate)

    @cached_property
    def fires(self) -> Fires:
        """Begins what schedules ask for; a kind without a handler is not fired."""
        keep_alerts = self.configuration.alerts.keep
        handlers = Beginnings(self.backups, self.restore_tests, keep_alerts).handlers()
        handlers[audit_check.KIND] = self.audit_check.begin
        handlers[health_reports.TOPIC] = self.health_reports.post
        known = {schedule.key: schedule for schedule in due.schedules(self.configuration)}
        return Fires(self.pool, known, self.queue, self.notifier, handlers)

    @cached_property
    def health_reports(self) -> HealthReports:
        """The health report, on demand and when it is due."""
        return HealthReports(self.pool, self.sources, self._doubting, self.notifier, self.gate)

    @cached_property
    def home(self) -> Home:
        """Everybody's Home tab."""
        return Home(self.pool, self.sources, self.approvals)

    @cached_property
    def follow_ups(self) -> FollowUps:
        """What a schedule's run sets off."""
        return FollowUps(self.pool, self.configuration, self.restore_tests, self.environ)

    @cached_property
    def schedules(self) -> Schedules:
        """What people ask of schedules."""
        return Schedules(self.pool, self.configuration, self.notifier, self.gate)

    @cached_property
    def alert_teller(self) -> AlertTeller:
        """Posts alerts, and shows them."""
        taken_for = timedelta(seconds=self.configuration.alerts.taken_for)
        channel = self.configuration.slack.alerts_channel
        return AlertTeller(self.pool, self.notifier, channel, taken_for)

    @cached_property
    def alerts(self) -> Alerts:
        """Looks at everything that can be wrong."""
        return Alerts(
            self.pool,
            self.configuration,
            Gatherer(self.configuration),
            self._looker,
            self.alert_teller,
            held_back=lambda database, rule, now: self.notices.reading.window_covers(database, now),  # noqa: ARG005 - customers were told of the works, whatever the rule
        )

    @cached_property
    def metrics(self) -> Metrics:
        """Figures for a monitor."""
        return Metrics(self.pool, Gatherer(self.configuration), self._looker)

    @cached_property
    def _looker(self) -> Looker:
        return Looker(self.pool, self.sources, self._doubting)

    @cached_property
    def _doubting(self) -> Doubting:
        return Doubting(self.pool, Witnesses(self.store))

    @cached_property
    def alert_desk(self) -> AlertDesk:
        """What people ask of alerts."""
        return AlertDesk(self.pool, self.gate, self.alert_teller)

    @cached_property
    def audit_check(self) -> AuditCheck:
        """Verifies the audit trail."""
        return AuditCheck(self.alerts)

    @cached_property
    def restore_tester(self) -> RestoreTester:
        """Runs restore tests."""
        reader = open_reader(self.configuration.storage, self.environ)
        prover = Prover(
            reader=reader,
            sources=self.sources,
            ledger=address.parse(self.ledger_url, variable="SPAREWHEEL_DATABASE_URL"),
            clients_folder=self.environment.clients,
            note_scratch=self._note_scratch,
            demand_store=partial(own_store.demand, self.pool, reader),
        )
        root = self.configuration.storage.root
        return RestoreTester(self.pool, self.restore_tests, self.outcomes, prover, self.store, root)

    @cached_property
    def runner(self) -> BackupRunner:
        """Runs backups."""
        archiver = Archiver(
            self.store, self.configuration.storage.root, self.environment.clients, self._note_upload
        )
        return BackupRunner(self.pool, self.sources, self.outcomes, self.store, archiver)

    @cached_property
    def checker(self) -> BackupChecker:
        """Runs checks."""
        return BackupChecker(self.pool, self.store, self.outcomes, self.environment.clients)

    @cached_property
    def reaper(self) -> Reaper:
        """Ends what dead processes left."""
        return Reaper(
            self.pool, self.store, self.outcomes, ScratchReaper(self.pool, self.sources, self.outcomes)
        )

    @cached_property
    def notice_channels(self) -> ConfiguredChannels:
        """Where notices go, as far as that is known without Slack."""
        team = self.configuration.slack.operations_channel
        return ConfiguredChannels(self.configuration.channels, self.environ, team_channel=team)

    @cached_property
    def recipients(self) -> Recipients:
        """Who receives notices."""
        return Recipients(self.pool, self.configuration.audiences, self.notice_channels, self.environ)

    @cached_property
    def deliveries(self) -> Deliveries:
        """What people ask of deliveries."""
        return Deliveries(self.pool, self.queue, self.gate)

    @cached_property
    def notice_texts(self) -> NoticeTexts:
        """The words of notices: ours, and those of the team's own folder."""
        return NoticeTexts(self.configuration.notices.templates)

    @cached_property
    def approval_aftermath(self) -> Aftermath:
        """What decisions bring with them."""
        papers = {notice_book.TOPIC: self._notice_papers}
        telling = ApprovalTelling(self.pool, self.notifier, self.configuration, papers)
        return Aftermath(telling, {notice_book.TOPIC: self._notice_decided})

    @cached_property
    def approvals(self) -> Approvals:
        """What people ask of each other."""
        return Approvals(self.pool, self.configuration, self.gate, self.approval_aftermath)

    @cached_property
    def notices(self) -> NoticeParts:
        """What customers are told."""
        return build_notices(
            self.pool,
            self.configuration,
            self.notifier,
            approvals=self.approvals,
            texts=self.notice_texts,
            recipients=self.recipients,
            deliveries=self.deliveries,
        )

    @cached_property
    def break_glass(self) -> BreakGlass:
        """Going ahead alone."""
        return BreakGlass(self.pool, self.configuration, self.gate, self.approval_aftermath)

    def _notice_decided(self, connection: LedgerConnection, approval: Approval, actor: Actor) -> None:
        self.notices.life.decided(connection, approval, actor)

    def _notice_papers(self, approval: Approval) -> Attachment | None:
        return self.notices.reading.papers(approval)

    def _note_upload(self, run: Run, upload_id: str) -> None:
        note_upload(self.pool, run, upload_id)

    def _note_scratch(self, trial: Trial, name: str) -> None:
        note_scratch(self.pool, trial, name)

    def close(self) -> None:
        """Give the ledger's connections back."""
        if "pool" in self.__dict__:
            self.pool.close()


def build(environment: Environment, environ: Mapping[str, str] = os.environ) -> House:
    """A house whose parts are made when they are first asked for."""
    return House(environment, environ)
