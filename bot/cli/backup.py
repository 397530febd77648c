"""`sparewheel backup …`: the same words as `/backup` in Slack, and the work done in this process."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import click

from bot.app import House
from bot.cli import as_json, follow, text
from bot.cli.session import local_actor, open_house
from bot.core.backup import BackupRecord, State
from bot.core.check import CheckMessage
from bot.core.people import Actor
from bot.core.verdict import Verdict
from bot.errors import SparewheelError
from bot.services.backups import Backups
from commands.words import LATEST, Cancel, Check, Known, Listing, Now, Pick, Show, Status, parse

log = logging.getLogger(__name__)

_FAILED, _COULD_NOT_RUN = 1, 2
_AGAIN_SECONDS = 1.0
EXIT_OF_VERDICT = {Verdict.PASS: 0, Verdict.FAIL: _FAILED, Verdict.COULD_NOT_VERIFY: _COULD_NOT_RUN}
_T = TypeVar("_T")

words_argument = click.argument("words", nargs=-1)
json_option = click.option("--json", "json_", is_flag=True, help="Print JSON, and no progress.")
detach_option = click.option("--detach", is_flag=True, help="Only queue it; a worker does it.")


@click.group()
def backup() -> None:
    """Take backups, look at them, check them: what /backup does in Slack.

    Exit codes: 0 done, 1 failed, 2 could not run (or, for a check, could not be verified).
    """


@backup.command()
@words_argument
@json_option
@detach_option
def now(words: tuple[str, ...], *, json_: bool, detach: bool) -> None:
    """Take a backup: [full|critical|schema|table NAME...] [DATABASE] [plain], in any order."""
    with open_house() as house:
        actor, wanted = local_actor(), _wanted("now", words, house.backups, Now)
        asked = house.backups.request(
            actor,
            kind=wanted.kind,
            database=wanted.database,
            tables=wanted.tables,
            format=wanted.format,
            enqueue=detach,
        )
        if detach:
            say(as_json.dumps(asked) if json_ else f"Backup {asked.record.id} is queued.")
            return
        record = _run_backup(house, actor, asked.record, quiet=json_)
    say(as_json.dumps(record) if json_ else text.verdict(record))
    sys.exit(0 if record.state is State.STORED else _FAILED)


@backup.command()
@words_argument
@json_option
def status(words: tuple[str, ...], *, json_: bool) -> None:
    """How each database (or one) stands: [DATABASE]."""
    with open_house() as house:
        wanted = _wanted("status", words, house.backups, Status)
        view = house.backups.status(local_actor(), wanted.database)
    say(as_json.dumps(view) if json_ else text.status(view))


@backup.command(name="list")
@words_argument
@click.option("--limit", type=click.IntRange(1, 25), default=10, show_default=True)
@json_option
def list_(words: tuple[str, ...], limit: int, *, json_: bool) -> None:
    """The newest backups: [DATABASE] [KIND]."""
    with open_house() as house:
        wanted = _wanted("list", words, house.backups, Listing)
        view = house.backups.recent(local_actor(), wanted.database, wanted.kind, limit)
    say(as_json.dumps(view) if json_ else text.backup_list(view))


@backup.command()
@words_argument
@json_option
def show(words: tuple[str, ...], *, json_: bool) -> None:
    """Everything about one backup: ID, the beginning of one, or latest."""
    with open_house() as house:
        wanted = _wanted("show", words, house.backups, Show)
        view = house.backups.show(local_actor(), _id(wanted.pick, house.backups))
    say(as_json.dumps(view) if json_ else text.details(view))


@backup.command()
@words_argument
@json_option
@detach_option
def check(words: tuple[str, ...], *, json_: bool, detach: bool) -> None:
    """Fetch a backup back from storage, hash it and read it through: ID or latest."""
    with open_house() as house:
        actor, wanted = local_actor(), _wanted("check", words, house.backups, Check)
        backup_id = _id(wanted.pick, house.backups)
        if detach:
            asked = house.backups.request_check(actor, backup_id)
            say(as_json.dumps(asked) if json_ else f"Check {asked.check_id} is queued.")
            return
        message = _run_check(house, house.backups.begin_check(actor, backup_id), quiet=json_)
    say(as_json.dumps(message) if json_ else text.check(message))
    sys.exit(EXIT_OF_VERDICT[Verdict(message.verdict or Verdict.COULD_NOT_VERIFY)])


@backup.command()
@words_argument
@json_option
def cancel(words: tuple[str, ...], *, json_: bool) -> None:
    """Stop a backup that waits or runs: ID or latest."""
    with open_house() as house:
        wanted = _wanted("cancel", words, house.backups, Cancel)
        view = house.backups.cancel(local_actor(), _id(wanted.pick, house.backups))
    over = "It never began." if view.was_queued else "It ends within seconds."
    say(as_json.dumps(view) if json_ else f"Backup {view.record.id} is being stopped. {over}")


def say(words: str) -> None:
    """Print without control characters: a table's name must not steer somebody's terminal."""
    click.echo("".join(c if c == "\n" or c.isprintable() else "�" for c in words))


def _wanted(verb: str, words: tuple[str, ...], backups: Backups, kind: type[_T]) -> _T:
    """The words read as Slack's are. What the shell took as one word stays one name."""
    typed = " ".join([verb, *(quoted(word) for word in words)])
    found = parse(typed, Known(backups.database_names(), backups.default_database(None)))
    if not isinstance(found, kind):
        raise click.UsageError(f"These words do not go with `backup {verb}`.")
    return found


def quoted(word: str) -> str:
    """A word that the shell took as one, so that it stays one name."""
    if any(c.isspace() or c == "," for c in word) and '"' not in word:
        return f'"{word}"'
    return word


def _id(pick: Pick, backups: Backups) -> str:
    """An id as the service takes it; `latest` of one database is the newest in its list."""
    if pick.backup_id != LATEST or pick.database is None:
        return pick.backup_id
    records = backups.recent(local_actor(), pick.database, limit=1).records
    if not records:
        raise click.UsageError(f"There is no backup of {pick.database} yet.")
    return records[0].id


def _run_backup(house: House, actor: Actor, record: BackupRecord, *, quiet: bool) -> BackupRecord:
    """Run it here, waiting for its turn where the database is busy; Ctrl-C cancels it cleanly."""
    with follow.progress(quiet=quiet) as show_step, follow.cancelling(_asker(house, actor, record.id)):
        while not record.state.is_final:
            record = house.runner.run(record.id, lambda seen: show_step(follow.of_backup(seen)))
            if not record.state.is_final:
                show_step(follow.of_backup(record))
                time.sleep(_AGAIN_SECONDS)
    return record


def _asker(house: House, actor: Actor, backup_id: str) -> Callable[[], None]:
    def ask() -> None:
        try:
            house.backups.cancel(actor, backup_id)
        except SparewheelError as error:
            log.warning("cancelling %s: %s", backup_id, error.sentence)

    return ask


def _run_check(house: House, message: CheckMessage, *, quiet: bool) -> CheckMessage:
    with follow.progress(quiet=quiet) as show_step:
        return house.checker.run(message.check_id, lambda seen: show_step(follow.of_check(seen)))
