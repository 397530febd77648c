"""What is posted: for each topic of the outbox, how things stand at the moment of delivery."""

from __future__ import annotations

from bot.app import House
from bot.core.reply import Showing
from bot.core.restore_test import RestoreTestDetails
from bot.services import afterwards, alert_telling, approval_telling, health_reports
from bot.slack.client import patient_client
from bot.slack.deliver import Deliverer, Loader
from bot.slack.edge import bot_token
from bot.slack.views import Surroundings
from bot.wiring import notices, schedules
from bot.wiring.break_glass import group_loader


def deliverer_of(house: House) -> Deliverer:
    """Posts this house's outbox.

    Raises:
        ConfigurationError: there is no bot token.
    """
    client = patient_client(bot_token(house.environment), house.environment.slack_api_url)
    around = Surroundings(contacts=house.configuration.contacts)
    operations = house.configuration.slack.operations_channel
    ask_slack = {approval_telling.GLASS_GROUP: group_loader(house.approvals.telling, client)}
    return Deliverer(client, house.pool, topics_of(house) | ask_slack, around, operations)


def topics_of(house: House) -> dict[str, Loader]:
    """Topic -> what a stage of a subject looks like now: an `opened` that comes late shows the end."""

    def backup(subject: str, stage: str) -> Showing | None:
        if stage == afterwards.NOT_FOLLOWED:
            reason = house.follow_ups.not_followed(subject)
            return Showing(reason, where="thread") if reason else None
        message = house.backups.message(subject)
        if stage == "details":
            return Showing(house.backups.details(message.record), where="thread")
        return Showing(message)

    def check(subject: str, stage: str) -> Showing:
        message = house.checker.message(subject)
        return Showing(message, redraws=_backups(stage, message.record.id))

    def restore_test(subject: str, stage: str) -> Showing:
        message = house.restore_tests.message(subject)
        if stage == "details":
            return Showing(RestoreTestDetails(message), where="thread")
        return Showing(message, redraws=_backups(stage, message.backup.id))

    telling = house.approvals.telling
    return {
        **schedules.topics(house),
        **notices.topics(house),
        alert_telling.TOPIC: house.alert_teller.showing,
        health_reports.TOPIC: house.health_reports.showing,
        "backup": backup,
        "check": check,
        "restore-test": restore_test,
        approval_telling.TOPIC: telling.showing,
        approval_telling.REMINDER: telling.showing,
        approval_telling.GLASS: telling.glass,
    }


def _backups(stage: str, backup_id: str) -> tuple[tuple[str, str], ...]:
    """After a verdict, the backup's own message says `checked` or `proved`."""
    return (("backup", backup_id),) if stage == "verdict" else ()
