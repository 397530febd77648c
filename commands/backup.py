"""`/backup`: the words typed, handed to the backup service; what it answers, handed back."""

from __future__ import annotations

from typing import Protocol

from bot.core.backup import Format, Kind
from bot.core.check import CheckMessage
from bot.core.people import Action, Actor
from bot.core.reply import Reply, Request
from bot.errors import WordsError
from bot.services.report_views import HealthReport
from bot.services.views import (
    Asked,
    BackupDetails,
    BackupList,
    BackupMessage,
    CancelView,
    HelpView,
    StatusView,
)
from commands import schedule, schedule_words, suggest
from commands.schedule import ScheduleService
from commands.schedule_words import ScheduleWanted, about_schedules
from commands.words import (
    Cancel,
    Check,
    Help,
    Known,
    Listing,
    Now,
    Report,
    Show,
    Status,
    Wanted,
    action_meant,
    parse,
)


class BackupService(Protocol):
    """What this command needs of `bot.services.backups.Backups`."""

    def request(
        self,
        actor: Actor,
        *,
        kind: Kind,
        database: str,
        tables: tuple[str, ...] = (),
        format: Format = Format.CUSTOM,  # noqa: A002 - the word of pg_dump and of the command
        channel: str | None = None,
    ) -> BackupMessage:
        """Queue a backup."""

    def status(self, actor: Actor, database: str | None = None) -> StatusView:
        """How things stand."""

    def recent(
        self, actor: Actor, database: str | None = None, kind: Kind | None = None, limit: int = 10
    ) -> BackupList:
        """The newest backups."""

    def show(self, actor: Actor, backup_id: str, database: str | None = None) -> BackupDetails:
        """Everything about one."""

    def request_check(
        self, actor: Actor, backup_id: str, channel: str | None = None, database: str | None = None
    ) -> CheckMessage:
        """Queue a check."""

    def cancel(self, actor: Actor, backup_id: str, database: str | None = None) -> CancelView:
        """Ask a run to stop."""

    def admit(self, actor: Actor, action: Action, text: str) -> None:
        """Return where a role allows it; a refusal is written down and raised."""

    def refuse_stranger(self, actor: Actor, text: str) -> object:
        """Write the refusal of somebody without a role into the audit trail."""

    def database_names(self) -> tuple[str, ...]:
        """Every configured database."""

    def default_database(self, channel: str | None) -> str | None:
        """The database that a channel stands for."""


class ReportService(Protocol):
    """What this command needs of `bot.services.health_reports.HealthReports`."""

    def on_demand(self, actor: Actor, database: str | None = None) -> HealthReport:
        """How everything stands and stood."""


def answer(
    request: Request,
    actor: Actor,
    backups: BackupService,
    schedules: ScheduleService | None = None,
    reports: ReportService | None = None,
) -> Reply:
    """Answer one command; only the asker sees the answer.

    The message that everybody in the channel sees is not among the answers: the service puts it into
    the outbox together with the job.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    if schedules is not None and about_schedules(request.text):
        wanted = _parse_schedule(request, actor, backups, schedules)
        return Reply(schedule.view(wanted, actor, schedules, request.channel))
    asked = _parse(request, actor, backups)
    if isinstance(asked, Report) and reports is not None:
        return Reply(reports.on_demand(actor, asked.database))
    return Reply(_view(asked, request, actor, backups))


def _parse(request: Request, actor: Actor, backups: BackupService) -> Wanted:
    """Whoever may not do it is told so, not asked for better words first."""
    try:
        return parse(request.text, known(backups, request.channel))
    except WordsError:
        if action := action_meant(request.text):
            backups.admit(actor, action, request.text)
        raise


def _parse_schedule(
    request: Request, actor: Actor, backups: BackupService, schedules: ScheduleService
) -> ScheduleWanted:
    databases, default = backups.database_names(), backups.default_database(request.channel)
    try:
        return schedule_words.parse(request.text, schedule.known(schedules, databases, default))
    except WordsError:
        if schedule_words.changes_one(request.text):
            backups.admit(actor, Action.PAUSE, request.text)
        raise


def known(backups: BackupService, channel: str) -> Known:
    """The databases that words can name, and the one that the channel stands for."""
    return Known(backups.database_names(), backups.default_database(channel))


def _view(  # noqa: PLR0911 - one return per command
    wanted: Wanted, request: Request, actor: Actor, backups: BackupService
) -> object:
    """Ask the service for what is wanted; what comes back is a view."""
    match wanted:
        case Now():
            return _ask(wanted, request, actor, backups)
        case Status(database) | Report(database):
            return backups.status(actor, database)
        case Listing(database, kind):
            return backups.recent(actor, database, kind)
        case Show(pick):
            return backups.show(actor, pick.backup_id, pick.database)
        case Check(pick):
            check = backups.request_check(actor, pick.backup_id, request.channel, pick.database)
            return Asked(check.record, check_id=check.check_id)
        case Cancel(pick):
            return backups.cancel(actor, pick.backup_id, pick.database)
        case Help():
            return HelpView(request.command or suggest.COMMAND, actor, backups.database_names(), actor.roles)


def _ask(wanted: Now, request: Request, actor: Actor, backups: BackupService) -> Asked:
    message = backups.request(
        actor,
        kind=wanted.kind,
        database=wanted.database,
        tables=wanted.tables,
        format=wanted.format,
        channel=request.channel,
    )
    return Asked(message.record, message.ahead)
