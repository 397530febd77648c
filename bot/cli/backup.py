"""`sparewheel backup …`: the same words as `/backup` in Slack, and the work done in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from bot.app import House
from bot.cli import as_json, health_text, schedule_text, text, work
from bot.cli.interrupts import Interrupts
from bot.cli.session import local_actor, open_house
from bot.core.backup import State
from bot.core.people import Actor
from bot.core.verdict import Verdict
from bot.errors import CancelledError, NotFoundError, WordsError
from commands import schedule, schedule_words
from commands.schedule_words import about_schedules
from commands.words import Cancel, Check, Help, Known, Listing, Now, Report, Show, Status, Wanted, parse

_DONE, _FAILED, _COULD_NOT_RUN = 0, 1, 2
_SHORTEST, _USUAL, _LONGEST = 1, 10, 25
EXIT_OF_VERDICT = {Verdict.PASS: _DONE, Verdict.FAIL: _FAILED, Verdict.COULD_NOT_VERIFY: _COULD_NOT_RUN}


@dataclass(frozen=True)
class Asking:
    """What was typed besides the words, and what answering needs."""

    house: House
    actor: Actor
    interrupts: Interrupts
    json: bool
    detach: bool
    limit: int
    picture: Path | None = None

    def answer(self, view: object, words: str) -> None:
        """Print the view as JSON, or the words for it."""
        say(as_json.dumps(view) if self.json else words)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1)
@click.option("--json", "json_", is_flag=True, help="Print JSON, errors too, and no progress.")
@click.option("--detach", is_flag=True, help="With now and check: only queue it; a worker does it.")
@click.option(
    "--limit",
    type=click.IntRange(_SHORTEST, _LONGEST),
    default=_USUAL,
    show_default=True,
    help="With list: how many.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With report: write the picture of the last weeks into this PNG file.",
)
@click.pass_context
def backup(
    context: click.Context,
    words: tuple[str, ...],
    *,
    json_: bool,
    detach: bool,
    limit: int,
    picture: Path | None,
) -> None:
    """Take backups, look at them, check them: the words of /backup in Slack, in any order and case.

    \b
    now [full|critical|schema|table NAME...] [DATABASE] [plain]
                              take a backup; full where nothing is said
    status [DATABASE]         how things stand (also where nothing is said)
    report [DATABASE]         the health report; --picture FILE.png draws it
    list [DATABASE] [KIND]    the newest backups
    show ID                   everything about one: an id, its first letters, or latest
    check ID                  fetch it back from storage, hash it, read it through
    cancel ID                 stop one that waits or runs
    schedule [DATABASE]       what runs by itself, how it last went, when it comes next
    schedule pause NAME for SPAN because REASON
    schedule resume NAME      (SPAN is like 6h or 2d; until 2026-12-01 08:00 works, too)
    help                      this

    Exit codes: 0 done, 1 failed, 2 could not run (or, for a check, could not be verified).
    """  # noqa: D301 - \b is click's mark for lines to be left as they are
    typed = " ".join(words) if len(words) == 1 else " ".join(quoted(word) for word in words)
    if _asks_for_help(typed):
        say(context.get_help())
        return
    interrupts = Interrupts()
    try:
        with interrupts.listening(), open_house() as house:
            asking = Asking(house, local_actor(), interrupts, json_, detach, limit, picture)
            code = _answer_words(typed, asking)
    except KeyboardInterrupt:
        if interrupts.torn:
            raise CancelledError("Stopped. `sparewheel backup list` shows whether it was queued.") from None
        raise CancelledError("Stopped. Nothing was queued or begun.") from None
    sys.exit(code)


def say(words: str) -> None:
    """Print without control characters: a table's name must not steer somebody's terminal."""
    click.echo("".join(c if c == "\n" or c.isprintable() else "�" for c in words))


def quoted(word: str) -> str:
    """What the shell took as one word stays one name."""
    if any(c.isspace() or c == "," for c in word) and '"' not in word:
        return f'"{word}"'
    return word


def _asks_for_help(typed: str) -> bool:
    """Whether it is `help`, which works without a ledger and without a configuration."""
    try:
        return isinstance(parse(typed, Known(())), Help)
    except WordsError:
        return False


def _answer_words(typed: str, asking: Asking) -> int:
    """Read what was typed and answer it; returns the exit code."""
    house = asking.house
    databases, default = house.backups.database_names(), house.backups.default_database(None)
    if not about_schedules(typed):
        return _answer(parse(typed, Known(databases, default)), asking)
    wanted = schedule_words.parse(typed, schedule.known(house.schedules, databases, default))
    view = schedule.view(wanted, asking.actor, house.schedules, None)
    asking.answer(view, schedule_text.schedules(view))
    return _DONE


def _answer(wanted: Wanted, asking: Asking) -> int:
    """Do what is wanted and print what came of it; returns the exit code."""
    backups, actor = asking.house.backups, asking.actor
    if asking.detach and not isinstance(wanted, Now | Check):
        raise click.UsageError("--detach goes with now and check.")
    match wanted:
        case Now():
            return _now(wanted, asking)
        case Check():
            return _check(wanted, asking)
        case Report(database):
            return _report(database, asking)
        case Status(database):
            seen = backups.status(actor, database)
            asking.answer(seen, text.status(seen))
        case Listing(database, kind):
            found = backups.recent(actor, database, kind, asking.limit)
            asking.answer(found, text.backup_list(found))
        case Show(pick):
            shown = backups.show(actor, pick.backup_id, pick.database)
            asking.answer(shown, text.details(shown))
        case Cancel(pick):
            stopped = backups.cancel(actor, pick.backup_id, pick.database)
            asking.answer(stopped, text.cancelled(stopped))
        case Help():
            raise AssertionError("answered before the house was opened")
    return _DONE


def _report(database: str | None, asking: Asking) -> int:
    """The report, and where asked for its picture; the exit code says whether anything needs a look."""
    reports = asking.house.health_reports
    found = reports.on_demand(asking.actor, database)
    asking.answer(found, health_text.report(found))
    if asking.picture is not None:
        drawn = reports.picture(database)
        if drawn is None or isinstance(drawn.content, str):
            raise NotFoundError("There is no picture: nothing is stored yet, or it could not be drawn.")
        asking.picture.write_bytes(drawn.content)
    return _DONE


def _now(wanted: Now, asking: Asking) -> int:
    with asking.interrupts.held():
        asked = asking.house.backups.request(
            asking.actor,
            kind=wanted.kind,
            database=wanted.database,
            tables=wanted.tables,
            format=wanted.format,
            enqueue=asking.detach,
        )
    if asking.detach:
        asking.answer(asked, f"Backup {asked.record.id} is queued.{_all_the_same(asking)}")
        return _DONE
    record = work.run_backup(asking.house, asking.actor, asked.record, asking.interrupts, quiet=asking.json)
    asking.answer(record, text.verdict(record))
    return _DONE if record.state is State.STORED else _FAILED


def _check(wanted: Check, asking: Asking) -> int:
    backups, pick = asking.house.backups, wanted.pick
    with asking.interrupts.held():
        if asking.detach:
            asked = backups.request_check(asking.actor, pick.backup_id, database=pick.database)
        else:
            asked = backups.begin_check(asking.actor, pick.backup_id, pick.database)
    if asking.detach:
        asking.answer(asked, f"Check {asked.check_id} is queued.{_all_the_same(asking)}")
        return _DONE
    message = work.run_check(asking.house, asked, quiet=asking.json)
    asking.answer(message, text.check(message))
    return EXIT_OF_VERDICT[Verdict(message.verdict or Verdict.COULD_NOT_VERIFY)]


def _all_the_same(asking: Asking) -> str:
    return " Ctrl-C came too late to keep it out of the queue." if asking.interrupts.waiting else ""
