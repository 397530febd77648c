"""The verbs of `sparewheel`, each loaded when it is typed, and how an error ends the program."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from pathlib import Path

import click

from bot import logging_setup
from bot.cli.typed import as_typed
from bot.errors import ServiceError, SparewheelError
from bot.ledger.connection import ledger_errors
from bot.logging_setup import redact, secrets_of

COULD_NOT_RUN = 2
_AGAIN = "Run it again with `sparewheel --debug …` to see where."
_VERBS = {
    "run": "bot.cli.run:run",
    "socket": "bot.cli.roles:socket",
    "web": "bot.cli.roles:web",
    "worker": "bot.cli.worker:worker",
    "clock": "bot.cli.clock:clock",
    "migrate": "bot.cli.migrate:migrate",
    "doctor": "bot.cli.doctor:doctor",
    "backup": "bot.cli.backup:backup",
    "restore-test": "bot.cli.restore_test:restore_test",
    "alerts": "bot.cli.alerts:alerts",
    "notice": "bot.cli.notice:notice",
    "sandbox": "bot.cli.sandbox:sandbox",
    "messages": "bot.cli.messages:messages",
    "smoke": "bot.cli.smoke:smoke",
}


class Verbs(click.Group):
    """Imports a verb's module when it is needed: `backup list` need not load Slack."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the table above."""
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None where there is no such verb."""
        del ctx
        if cmd_name not in _VERBS:
            return None
        module, name = _VERBS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Log more, and show where an error came from.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file; the same as SPAREWHEEL_CONFIG.",
)
@click.version_option(package_name="sparewheel", prog_name="sparewheel")
def cli(*, debug: bool, config: Path | None) -> None:
    """PostgreSQL backups in Slack: taken, checked, proved, and with the evidence kept."""
    if config is not None:
        os.environ["SPAREWHEEL_CONFIG"] = str(config)
    logging_setup.configure(debug=debug)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 could not run."""
    try:
        with ledger_errors():
            cli()
    except SparewheelError as error:
        if _debugging():
            raise
        tell(error)
    except Exception as error:
        if _debugging():
            raise
        # The words of an unforeseen error may hold data or an address: its kind is enough to report it.
        tell(ServiceError(f"Something unforeseen happened ({type(error).__name__}).", next_step=_AGAIN))
    sys.exit(COULD_NOT_RUN)


def _debugging() -> bool:
    return logging.getLogger("bot").isEnabledFor(logging.DEBUG)


def tell(error: SparewheelError) -> None:
    """Say an error on stderr: what is wrong, what to type instead, what to do next, the technical cause.

    Where JSON was asked for it goes to stdout as JSON, too.
    """
    suggestion = getattr(error, "suggestion", None)
    meant = f"Did you mean `{suggestion}`?" if suggestion else ""
    click.echo(
        _here("\n".join(filter(None, (error.sentence, meant, error.next_step, error.cause.strip())))),
        err=True,
    )
    if "--json" in sys.argv[1:]:
        step = " ".join(filter(None, (meant, error.next_step)))
        told = {"rule": error.rule, "sentence": _here(error.sentence), "next_step": _here(step)}
        click.echo(json.dumps({"error": told}, ensure_ascii=False, indent=2))


def _here(text: str) -> str:
    """As it is typed on the command line, without secrets."""
    return redact(as_typed(text), secrets_of(os.environ))
