"""`sparewheel doctor`: looks at everything a backup needs, and says of each what it found."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from bot.app import House
from bot.cli.backup import say
from bot.cli.session import open_house
from bot.core.backup import Kind
from bot.core.units import plural
from bot.core.verdict import Verdict
from bot.errors import ConfigurationError, LedgerUnavailableError, SparewheelError
from bot.ledger import audit, revisions
from bot.ledger.connection import borrowed
from bot.postgres import address, clients, scratch
from bot.services import heartbeats, notice_orphans, preflight, rpo, staging
from bot.slack import channels
from bot.slack.client import identify, patient_client

log = logging.getLogger(__name__)

_COLORS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.COULD_NOT_VERIFY: "yellow"}
_QUICK_SECONDS, _SIDE_BY_SIDE = 15.0, 4
Look = Callable[[House], str]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its verdict, and a sentence."""

    verdict: Verdict
    what: str
    sentence: str


class NotSetUpError(SparewheelError):
    """A part that is not configured, so there is nothing to look at."""


@click.command()
def doctor() -> None:
    """Look at the configuration, the ledger, Slack, storage, the clients, every database and its staging.

    Exit codes: 0 all PASS, 1 something FAILs, 2 something could not be verified.
    """
    with open_house(any_ledger=True) as house:
        found = []
        for finding in findings(house):
            found.append(finding.verdict)
            click.secho(f"{finding.verdict.value:<17}", fg=_COLORS[finding.verdict], nl=False)
            say(f"{finding.what}: {finding.sentence}")
    sys.exit(1 if Verdict.FAIL in found else 2 if Verdict.COULD_NOT_VERIFY in found else 0)


def findings(house: House) -> Iterator[Finding]:
    """Every finding, as it is made; one that cannot be made does not stop the others."""
    configuration = _look(house, "configuration", _configuration)
    yield configuration
    yield _look(house, "ledger", _ledger)
    yield _look(house, "Slack", _slack)
    yield _look(house, "client programs", _clients)
    if configuration.verdict is not Verdict.PASS:
        return
    yield _look(house, "storage", _storage)
    for name in house.sources.names():
        yield _look(house, f"database {name}", _database(name))
        if house.sources.settings(name).staging_url_env is not None:
            yield _look(house, f"staging of {name}", _staging(name))
        if house.sources.settings(name).rpo:
            yield _look(house, f"RPO of {name}", _rpo(name))
    if house.configuration.audiences:
        yield _look(house, "notices", _notices)
    if heartbeats.variables(house.configuration):
        yield _look(house, "heartbeats", _heartbeats)


def quick_looks(house: House) -> dict[str, Look]:
    """Where to look for what would make backups fail or late: clients, storage, databases, schedules.

    Raises:
        ConfigurationError: the configuration is wrong.
    """
    looks: dict[str, Look] = {"client programs": _clients, "storage": _storage}
    if house.configuration.audiences:
        looks["notices"] = _notices
    looks |= {f"database {name}": _database(name) for name in house.sources.names()}
    with_rpo = [name for name in house.sources.names() if house.sources.settings(name).rpo]
    return looks | {f"RPO of {name}": _rpo(name) for name in with_rpo}


def problems(house: House, looks: Mapping[str, Look]) -> list[str]:
    """What does not pass, a sentence each, seen side by side; no answer within some seconds is among it."""
    pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="look")
    asked = {what: pool.submit(_look, house, what, look) for what, look in looks.items()}
    wait(asked.values(), timeout=_QUICK_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    found = [
        answer.result() if answer.done() and not answer.cancelled() else _silent(what)
        for what, answer in asked.items()
    ]
    return [f"{one.what}: {one.sentence}" for one in found if one.verdict is not Verdict.PASS]


def _silent(what: str) -> Finding:
    return Finding(Verdict.COULD_NOT_VERIFY, what, f"No answer within {_QUICK_SECONDS:.0f} s.")


def _look(house: House, what: str, look: Look) -> Finding:
    try:
        return Finding(Verdict.PASS, what, look(house))
    except NotSetUpError as error:
        return Finding(Verdict.COULD_NOT_VERIFY, what, error.sentence)
    except SparewheelError as error:
        return Finding(Verdict.FAIL, what, f"{error.sentence} {error.next_step}".strip())
    except Exception as error:
        log.debug("looking at %s", what, exc_info=True)
        return Finding(Verdict.COULD_NOT_VERIFY, what, f"An error nobody foresaw: {type(error).__name__}.")


def _configuration(house: House) -> str:
    configuration = house.configuration
    if not configuration.databases:
        raise ConfigurationError(
            "No database is configured.", next_step="Add [databases.NAME] with its url_env."
        )
    return f"{plural(len(configuration.databases), 'database')}, storage {configuration.storage.url}"


def _ledger(house: House) -> str:
    with borrowed(house.pool) as connection:
        if revisions.is_fresh(connection):
            return "reachable and still empty; `make run` (or `sparewheel migrate`) makes its tables"
        revisions.check_current(connection)
        chain = audit.verify(connection)
    if not chain.whole:
        raise LedgerUnavailableError(
            f"The audit trail is broken at event {chain.broken_at}: {chain.problem}",
            next_step="Keep the ledger as it is and tell whoever answers for it.",
        )
    return "reachable, its tables are current, its audit trail is whole"


def _slack(house: House) -> str:
    token = house.environment.slack_bot_token
    if token is None:
        raise NotSetUpError("SLACK_BOT_TOKEN is not set, so nothing is posted.")
    client = patient_client(token.get_secret_value(), house.environment.slack_api_url)
    who = identify(client)
    found = channels.refuse_unknown(client, house.configuration)
    return f"connected to {who.workspace or who.team}; {plural(found, 'channel')} found"


def _clients(house: House) -> str:
    found = clients.find(house.environment.clients)
    return "found " + ", ".join(f"{client.version} in {client.bin_dir}" for client in found)


def _storage(house: House) -> str:
    house.store.verify_access()
    return house.store.location(house.configuration.storage.root)


def _notices(house: House) -> str:
    """Words, channels and recipients, as far as they can be looked at without sending anything."""
    texts = house.notice_texts
    stages = sum(len(texts.stages(kind)) for kind in texts.kinds())
    for name, settings in house.configuration.channels.items():
        if settings.type != "slack":
            house.notice_channels.open(name).close()
    found = house.recipients.resolve(house.recipients.names())
    notice_orphans.refuse_orphans(house.pool, house.configuration, texts)
    left_out = len(found.invalid)
    rest = (
        f"; {plural(left_out, 'invalid address', 'invalid addresses')} never written to" if left_out else ""
    )
    return f"{plural(stages, 'text')}, {plural(found.total, 'recipient')}{rest}"


def _heartbeats(house: House) -> str:
    """Whether their addresses are there. They are not asked: that would be a sign of life."""
    named = heartbeats.variables(house.configuration)
    missing = sorted(name for name in named if not house.environ.get(name))
    if missing:
        raise ConfigurationError(
            f"No address is set in {', '.join(missing)}: an outside watcher hears nothing of it.",
            next_step="Set each to the address that the watcher gave you, or take its name out of the file.",
        )
    wrong = sorted(name for name in named if not heartbeats.is_address(house.environ[name]))
    if wrong:
        raise ConfigurationError(
            f"What is set in {', '.join(wrong)} is no address of the web.",
            next_step="Write one that begins with https://, as the watcher gave it to you.",
        )
    return f"{plural(len(named), 'address', 'addresses')} set, not asked"


def _database(name: str) -> Look:
    def look(house: House) -> str:
        source = house.sources.get(name)
        seen = preflight.look(source, Kind.FULL, (), house.environment.clients)
        left_out = len(seen.outline.plan.omitted)
        rest = f"; {plural(left_out, 'thing')} would be left out" if left_out else ""
        return (
            f"PostgreSQL {seen.facts.version}, client {seen.client.version}, "
            f"{plural(len(seen.outline.tiers), 'configured table')} found{rest}"
        )

    return look


def _rpo(name: str) -> Look:
    def look(house: House) -> str:
        with borrowed(house.pool) as connection:
            if revisions.is_fresh(connection):
                raise NotSetUpError("The ledger is empty yet, so nobody knows how long a backup takes.")
            return rpo.refuse_unreachable(connection, house.sources, name, datetime.now(UTC))

    return look


def _staging(name: str) -> Look:
    def look(house: House) -> str:
        at = house.sources.staging(name)
        ledger = address.parse(house.ledger_url, variable="SPAREWHEEL_DATABASE_URL")
        facts = staging.look(at, staging.RealOnes(house.sources, name, None, ledger))
        wanted = house.sources.settings(name).restore_test
        scratch.refuse_unfit_role(at, wanted.template if wanted.way == "customer" else None)
        return f"PostgreSQL {facts.version} at {at.place}, a server of its own; {at.user} can restore there"

    return look
