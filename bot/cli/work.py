"""Backups and checks done in this process: their progress, their turn, and how Ctrl-C ends them."""

from __future__ import annotations

import dataclasses
import logging
import time

from bot.app import House
from bot.cli import follow
from bot.cli.interrupts import Interrupts
from bot.core.backup import BackupRecord, State
from bot.core.check import CheckMessage
from bot.core.people import Actor
from bot.errors import SparewheelError, UserError

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0


def run_backup(
    house: House, actor: Actor, record: BackupRecord, interrupts: Interrupts, *, quiet: bool
) -> BackupRecord:
    """Run a backup to its end, waiting for its turn where the database is busy.

    Ctrl-C cancels it cleanly. A second one leaves at once, and the ledger says cancelled all the same.
    """

    def ask() -> None:
        cancel(house, actor, record.id)

    try:
        with follow.progress(quiet=quiet) as show_step, interrupts.asking(ask):
            return _to_its_end(house, actor, record, show_step)
    except KeyboardInterrupt:
        cancel(house, actor, record.id)
        return house.backups.message(record.id).record


def _to_its_end(house: House, actor: Actor, record: BackupRecord, show_step: follow.Show) -> BackupRecord:
    while True:
        record = house.runner.run(record.id, lambda seen: show_step(follow.of_backup(seen)))
        if record.state.is_final:
            return record
        show_step(dataclasses.replace(follow.of_backup(record), label=_waits_for(house, actor, record)))
        time.sleep(_AGAIN_SECONDS)


def _waits_for(house: House, actor: Actor, record: BackupRecord) -> str:
    (database,) = house.backups.status(actor, record.database).databases
    for other in database.running:
        if other.id != record.id and other.state is State.RUNNING:
            return f"waiting for backup {other.id} ({other.kind.value}, {other.requested_by}) to end"
    return "waiting for its turn"


def cancel(house: House, actor: Actor, backup_id: str) -> None:
    """Ask a backup to stop; one that is over needs no asking."""
    try:
        house.backups.cancel(actor, backup_id)
    except UserError:
        return
    except SparewheelError as error:
        log.warning("cancelling %s: %s", backup_id, error.sentence)


def run_check(house: House, message: CheckMessage, *, quiet: bool) -> CheckMessage:
    """Run a check to its end. Ctrl-C ends it at once: then nothing is verified, which is its verdict."""
    try:
        with follow.progress(quiet=quiet) as show_step:
            return house.checker.run(message.check_id, lambda seen: show_step(follow.of_check(seen)))
    except KeyboardInterrupt:
        return house.checker.message(message.check_id)
