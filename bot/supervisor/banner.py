"""What `sparewheel run` says when everything is ready: where to look, and what to type first."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from bot.settings import DEFAULT_HOME
from bot.supervisor.plan import Plan, SlackEdge

_RULE = "─" * 78


def lines(
    plan: Plan,
    home: Path,
    variables: Mapping[str, str],
    program: str,
    problems: Sequence[str] = (),
    *,
    link: str = "",
) -> list[str]:
    """The banner, line by line. It holds no secret but `link`, which opens the sandbox's page once."""
    if plan.slack is SlackEdge.SANDBOX:
        return _newcomer(home, program, problems, link)
    port = variables.get("PORT") or "3000"
    slack = {
        SlackEdge.SOCKET: "your workspace, through Socket Mode",
        SlackEdge.HTTP: f"your workspace, through HTTP on port {port}, /slack/events",
        SlackEdge.NONE: "none: SLACK_BOT_TOKEN is not set, and real databases get no sandbox",
    }[plan.slack]
    databases = (
        "two samples, cruzonic and fleetnest" if plan.samples else f"from {variables['SPAREWHEEL_CONFIG']}"
    )
    ledger = "embedded" if plan.ledger else "from SPAREWHEEL_DATABASE_URL"
    facts = [
        ("Slack", slack),
        ("Databases", databases),
        ("Ledger", ledger),
        ("Data", f"{home} (archives of the samples in backups/, logs in logs/)"),
    ]
    return [
        _RULE,
        "Sparewheel is ready.",
        *(f"  {name:<10} {fact}" for name, fact in facts),
        *(f"  {'Look at:':<10} {problem}" for problem in problems),
        "",
        *_first(plan, program),
    ]


def _newcomer(home: Path, program: str, problems: Sequence[str], link: str) -> list[str]:
    """Three lines: whoever reads them for the first time has all that is needed."""
    return [
        _RULE,
        f"Open  {link}  in a browser (it works once; `{program} sandbox open` prints another)",
        "Type  /backup now full cruzonic  there, or press the first button of the welcome",
        f"Data  lies in {home} and stays; Ctrl-C stops everything",
        *(f"Look  at {problem}" for problem in problems),
        _RULE,
    ]


def _first(plan: Plan, program: str) -> list[str]:
    if plan.slack is SlackEdge.NONE:
        typed = [f"  {program} backup status", f"  {program} backup now full --detach"]
        rest = "Without --detach the variables that your configuration names must be set there too."
        return ["Type in another terminal:", *typed, "", rest, "Ctrl-C stops everything.", _RULE]
    return ["Type in Slack:", "  /backup help", "", "Ctrl-C stops everything.", _RULE]


def show(
    plan: Plan, home: Path, variables: Mapping[str, str], problems: Sequence[str], link: str = ""
) -> None:
    """Print it, with the program's name as it can be typed from here."""
    program = program_name()
    if home != DEFAULT_HOME.resolve():  # the next terminal could not find it otherwise
        program = f"SPAREWHEEL_HOME={shlex.quote(str(home))} {program}"
    for line in lines(plan, home, variables, program, problems, link=link):
        click.echo(line)


def program_name() -> str:
    """`sparewheel`, or its path from here where it is not on the PATH of the next terminal."""
    beside = Path(sys.executable).with_name("sparewheel")
    try:
        return str(beside.relative_to(Path.cwd())) if beside.exists() else "sparewheel"
    except ValueError:
        return str(beside)
