"""What every message needs: the dispatch by view, and the words that several of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from typing import Any

from bot.core import units
from bot.core.backup import BackupRecord, Kind
from bot.core.people import Source
from bot.settings import ContactSettings
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, Snippet, at_most_fifty, button, confirm
from bot.slack.buttons import BACK_UP
from bot.slack.fit import GOOD_TEXT, cut, cut_mrkdwn
from bot.slack.mrkdwn import Mrkdwn

# How many omissions, warnings or findings a verdict shows before it points to the thread.
SHOWN = 5
_BAR_CELLS = 10
_SHA_SHOWN = 12
_TABLES_SHOWN = 3
_CONTACT = 200


def back_up_button(database: str) -> Block:
    """Takes a full backup, after asking once more."""
    question = f"A full backup of {database} begins as soon as none runs before it."
    sure = confirm("Back up now?", question, "Back up", "Not now", danger=False)
    return button("Back up now", BACK_UP, database, confirm=sure)


@dataclass(frozen=True)
class Surroundings:
    """What a message may need beside its view."""

    contacts: tuple[ContactSettings, ...] = ()
    notes: tuple[str, ...] = ()  # sentences under a refusal, such as a user group that could not be read


@singledispatch
def render(view: object, around: Surroundings) -> Rendered:
    """A view as a Slack message within Slack's limits.

    Raises:
        TypeError: nothing knows how to show this view.
    """
    raise TypeError(f"{type(view).__name__} has no message ({around})")


def message(
    template: str, values: dict[str, Any], more: Sequence[Block] = (), snippet: Snippet | None = None
) -> Rendered:
    """A filled template as text and blocks, with `more` blocks after it."""
    paragraphs = texts.fill(template, values)
    text = cut_mrkdwn(texts.as_text(paragraphs), GOOD_TEXT)
    return Rendered(text, at_most_fifty([*texts.as_blocks(paragraphs), *more]), snippet)


def what(record: BackupRecord) -> Mrkdwn:
    """`full backup of cruzonic`, the names as code."""
    database = mrkdwn.code(record.database)
    if record.kind is Kind.TABLE:
        names = ", ".join(mrkdwn.code(name, 80) for name in record.tables[:_TABLES_SHOWN])
        more = len(record.tables) - _TABLES_SHOWN
        names += f" and {more} more" if more > 0 else ""
        noun = "table" if len(record.tables) == 1 else "tables"
        return Mrkdwn(f"{noun} {names} of {database}")
    label = {
        Kind.FULL: "full backup",
        Kind.CRITICAL: "backup of the critical tables",
        Kind.SCHEMA: "structure",
        Kind.SAFETY: "safety backup",
    }[record.kind]
    plain_sql = " as plain SQL" if record.format == "plain" else ""
    return Mrkdwn(f"{label} of {database}{plain_sql}")


def who(record: BackupRecord) -> Mrkdwn:
    """The asker, as a mention where Slack knows them."""
    return who_asked(record.requested_user, record.source)


def who_asked(user: str, source: str) -> Mrkdwn:
    """The same for whoever asked for something else than a backup."""
    if source == Source.SLACK:
        return mrkdwn.mention(user)
    way = {Source.COMMAND_LINE.value: "the command line", Source.SCHEDULE.value: "the schedule"}
    return Mrkdwn(f"{mrkdwn.code(user)} ({way.get(source, 'elsewhere')})")


def elapsed(record: BackupRecord, now: datetime | None = None) -> float | None:
    """Seconds from the start to the end, or to `now`; None where either is not known."""
    end = record.finished_at or now
    return (end - record.started_at).total_seconds() if record.started_at and end else None


def bar(done: int, expected: int) -> Mrkdwn:
    """`▓▓▓░░░░░░░ 31 %`; empty cells only where there is no estimate."""
    if expected <= 0:
        return Mrkdwn("░" * _BAR_CELLS)
    part = units.share(done, expected)
    full = int(part * _BAR_CELLS)
    return Mrkdwn(f"{'▓' * full}{'░' * (_BAR_CELLS - full)} {int(part * 100)} %")


def contact_lines(contacts: Sequence[ContactSettings]) -> list[Mrkdwn]:
    """The first level's contacts: who, how, and when to call them."""
    first = min((c.level for c in contacts), default=0)
    return [_contact(c) for c in contacts if c.level == first]


def contacts_up_to(contacts: Sequence[ContactSettings], level: int) -> list[Mrkdwn]:
    """Those of the levels called so far, the first level first."""
    return [_contact(c) for c in sorted(contacts, key=lambda c: c.level) if c.level <= level]


def _contact(contact: ContactSettings) -> Mrkdwn:
    ways = [mrkdwn.mention(contact.slack)] if contact.slack else []
    ways += [mrkdwn.plain(cut(contact.address, _CONTACT))] if contact.address else []
    told = f": {mrkdwn.plain(cut(contact.call_when, _CONTACT))}" if contact.call_when else ""
    return Mrkdwn(f"{mrkdwn.plain(cut(contact.name, _CONTACT))} {', '.join(ways)}{told}".strip())


def versions(record: BackupRecord) -> dict[str, str]:
    """Server and client, each `not known` where the run ended before it looked."""
    return {
        "server": record.server_version or "version not known",
        "client": record.client_version or "version not known",
    }


def short_sha(record: BackupRecord) -> str:
    """The first twelve characters, as people compare them."""
    return f"{(record.sha256 or 'unknown')[:_SHA_SHOWN]}…" if record.sha256 else "not known"
