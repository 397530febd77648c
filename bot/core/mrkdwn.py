"""Untrusted text made harmless for Slack's mrkdwn: nothing of it can ping, link or format."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from bot.core.fit import cut

# Slack knows no escape for these, so outside of code they are replaced by letters that look the same.
_LOOKALIKE = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb"})
_UNDERSCORE_AT_EDGE = re.compile(r"(?<!\w)_|_(?!\w)|(?<=_)_|_(?=_)")
_EMOJI_NAME = re.compile(r":(?=[A-Za-z+][\w+-]*:)")
# As bot.core.alert_words.utc writes a time.
_UTC_TIME = re.compile(r"(?<!\d)(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_NAME_LENGTH = 120


class Mrkdwn(str):
    """Text that is mrkdwn already and goes out as it stands."""

    __slots__ = ()


def clean(text: str, *, lines: bool = False) -> str:
    """Without control characters and without those that turn the reading direction; `lines` keeps breaks."""
    return "".join(_harmless(c, lines=lines) for c in text)


def _harmless(character: str, *, lines: bool) -> str:
    if character == "\n":
        return "\n" if lines else "\u23ce"
    if character == "\t":
        return " "
    category = unicodedata.category(character)
    # Format characters turn text around or hide it; only the joiner, which emoji need, stays.
    bad = category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and character != "\u200d")
    return "\ufffd" if bad else character


def escape(text: str) -> str:
    """The three characters that Slack asks to be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> Mrkdwn:
    """Text that shows as it is: no mention, no link, no bold, no code, no emoji by name."""
    text = _UNDERSCORE_AT_EDGE.sub("\uff3f", clean(text, lines=True).translate(_LOOKALIKE))
    return Mrkdwn(escape(_EMOJI_NAME.sub("\ua789", text)))


def prose(text: str) -> Mrkdwn:
    """A sentence of ours that may quote untrusted names: code in backticks stays code, the rest is plain."""
    parts = _CODE_SPAN.split(text)
    return Mrkdwn("".join(code(part) if i % 2 else plain(part) for i, part in enumerate(parts)))


def timed(text: str) -> Mrkdwn:
    """As `prose`, and times such as `2026-03-01 02:00 UTC` stand in the reader's own zone.

    Not for words that somebody approves or a customer reads: those are shown as they will go out.
    """
    parts = _CODE_SPAN.split(text)
    return Mrkdwn("".join(code(part) if i % 2 else _with_times(part) for i, part in enumerate(parts)))


def _with_times(text: str) -> str:
    parts = _UTC_TIME.split(text)
    return "".join(_time(part) if i % 2 else plain(part) for i, part in enumerate(parts))


def _time(text: str) -> Mrkdwn:
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return plain(f"{text} UTC")
    # Not Slack's "yesterday": the sentence says "at" or "since" before it.
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_short}} {{time}}|{text} UTC>")


def code(text: object, limit: int = _NAME_LENGTH) -> Mrkdwn:
    """A name as inline code, cut to `limit` characters; a backtick in it becomes its look-alike."""
    inner = cut(clean(str(text)), limit).replace("`", "\u02cb")
    return Mrkdwn(f"`{escape(inner) or ' '}`")


def code_block(text: str) -> Mrkdwn:
    """Several lines as a code block. Cut it to size before: a cut block would not close."""
    inner = clean(text, lines=True).replace("```", "\u02cb\u02cb\u02cb").strip("\n")
    return Mrkdwn(f"```\n{escape(inner) or ' '}\n```")


def mention(person: str) -> Mrkdwn:
    """A Slack user or group id as a mention; anything else, a name on the command line say, as code."""
    if _USER.fullmatch(person):
        return Mrkdwn(f"<@{person}>")
    if _GROUP.fullmatch(person):
        return Mrkdwn(f"<!subteam^{person}>")
    return code(person)


def when(at: datetime) -> Mrkdwn:
    """A time in the reader's own zone; where Slack cannot, in UTC and saying so."""
    utc = at.astimezone(UTC)
    fallback = f"{utc:%Y-%m-%d %H:%M} UTC"
    return Mrkdwn(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>")
