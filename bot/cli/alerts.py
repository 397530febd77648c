"""`sparewheel alerts …`: the same words as `/alerts`."""

from __future__ import annotations

import sys

import click

from bot.cli import alert_text, as_json
from bot.cli.backup import quoted, say
from bot.cli.session import local_actor, open_house
from bot.cli.typed import as_typed
from bot.core.alerts import Severity
from bot.core.reply import Request
from bot.services.alert_views import AlertDetails, AlertList, AlertTaken
from commands import alerts as words_of_alerts

_DONE, _CRITICAL = 0, 1


@click.command()
@click.argument("words", nargs=-1)
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def alerts(words: tuple[str, ...], *, json_: bool) -> None:
    """What is wrong right now: [DATABASE], show ID, or ack ID (you look after it).

    Exit codes: 0 nothing critical is open, 1 something is, 2 could not look.
    """
    typed = " ".join(quoted(word) for word in words)
    with open_house() as house:
        request = Request("local", "", "", typed, words_of_alerts.COMMAND, "")
        view = words_of_alerts.answer(request, local_actor(), house.alert_desk, house.sources.names()).view
    if json_:
        say(as_json.dumps(view))
    else:
        say(as_typed(_text(view)))
    sys.exit(_CRITICAL if isinstance(view, AlertList) and _has_critical(view) else _DONE)


def _text(view: object) -> str:
    match view:
        case AlertList():
            return alert_text.listing(view)
        case AlertDetails():
            return alert_text.details(view)
        case AlertTaken():
            return alert_text.taken(view)
        case _:
            return click.get_current_context().get_help()


def _has_critical(view: AlertList) -> bool:
    return any(alert.severity is Severity.CRITICAL for alert in view.alerts)
