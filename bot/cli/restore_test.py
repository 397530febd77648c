"""`sparewheel restore-test …`: the same words as `/restore-test`, and the work done in this process."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from bot.app import House
from bot.cli import as_json, follow, junit
from bot.cli.backup import EXIT_OF_VERDICT, quoted, say
from bot.cli.interrupts import Interrupts
from bot.cli.session import local_actor, open_house
from bot.core.people import Actor
from bot.core.restore_test import RestoreTestMessage
from bot.core.verdict import Verdict
from bot.errors import SparewheelError
from bot.services import reports
from commands.restore_words import Prove, Stop, parse
from commands.words import Known

log = logging.getLogger(__name__)


@click.command(name="restore-test")
@click.argument("words", nargs=-1)
@click.option("--json", "json_", is_flag=True, help="Print JSON, and no progress.")
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the verdict as JUnit XML, one case a check.",
)
@click.option("--detach", is_flag=True, help="Only queue it; a worker does it.")
def restore_test(words: tuple[str, ...], *, json_: bool, junit_file: Path | None, detach: bool) -> None:
    """Restore a backup on staging and compare it: [latest|ID] [KIND] [DATABASE], or cancel [ID].

    Exit codes: 0 PASS, 1 FAIL, 2 COULD NOT VERIFY (or it could not run at all).
    """
    interrupts = Interrupts()
    with interrupts.listening(), open_house() as house:
        actor = local_actor()
        known = Known(house.backups.database_names(), house.backups.default_database(None))
        match parse(" ".join(quoted(word) for word in words), known):
            case Stop(pick):
                _stop(house, actor, pick, json_=json_)
                return
            case Prove() as wanted:
                message = _test(house, actor, wanted, interrupts, quiet=json_, detach=detach)
            case _:
                click.echo(click.get_current_context().get_help())
                return
    if junit_file is not None and not detach:
        junit_file.write_bytes(junit.document(message))
    if detach:
        say(as_json.dumps(message) if json_ else f"Restore test {message.test.id} is queued.")
        return
    say(as_json.dumps(message) if json_ else reports.markdown(message))
    sys.exit(EXIT_OF_VERDICT[message.test.verdict or Verdict.COULD_NOT_VERIFY])


def _test(
    house: House, actor: Actor, wanted: Prove, interrupts: Interrupts, *, quiet: bool, detach: bool
) -> RestoreTestMessage:
    with interrupts.held():
        message = house.restore_tests.request(
            actor, pick=wanted.pick, database=wanted.database, kind=wanted.kind, enqueue=detach
        )
    if detach:
        return message
    if not quiet:
        click.echo(_which(message), err=True)

    def ask() -> None:
        try:
            house.restore_tests.cancel(actor, message.test.id)
        except SparewheelError as error:
            log.warning("cancelling %s: %s", message.test.id, error.sentence)

    with follow.progress(quiet=quiet) as show, interrupts.asking(ask):
        return house.restore_tester.run(message.test.id, lambda seen: show(follow.of_restore_test(seen)))


def _which(message: RestoreTestMessage) -> str:
    age = f", {reports.seconds(message.age.total_seconds())} old" if message.age else ""
    backup = message.backup
    return f"Testing backup {backup.id} ({message.test.asked_for}), {backup.kind} of {backup.database}{age}."


def _stop(house: House, actor: Actor, pick: str, *, json_: bool) -> None:
    view = house.restore_tests.cancel(actor, pick)
    over = "It never began." if view.was_queued else "It ends within seconds."
    test_id = view.message.test.id
    say(as_json.dumps(view) if json_ else f"Restore test {test_id} is being stopped. {over}")
