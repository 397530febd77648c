"""Slack's limits, and how long things are made to fit into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# docs.slack.dev, "Block Kit reference" and "chat.postMessage"; counted in characters.
SECTION = 3000
CONTEXT_ELEMENTS = 10
BLOCKS = 50
TEXT = 40_000
# Slack's advice for `text` beside blocks; what is longer is cut by clients anyway.
GOOD_TEXT = 4000


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them `…` where something was left away."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def cut_source(text: str, limit: int) -> str:
    """Cut text that will be escaped: `&` grows to five characters, so the grown length counts."""
    grown = 0
    for kept, character in enumerate(text):
        grown += {"&": 5, "<": 4, ">": 4}.get(character, 1)
        if grown > limit - 1:
            return text[:kept] + "…"
    return text


def pages(lines: Iterable[str], limit: int = SECTION) -> Iterator[str]:
    """Whole lines packed into as few texts of at most `limit` characters as possible.

    A single line that is longer is cut; cut such a line before, where its markup has to close.
    """
    page = ""
    for line in (cut(line, limit) for line in lines):
        joined = f"{page}\n{line}" if page else line
        if len(joined) > limit:
            yield page
            joined = line
        page = joined
    if page:
        yield page


def cut_mrkdwn(text: str, limit: int) -> str:
    """Cut finished mrkdwn at a line's or word's end, so that no `<…>` or entity is torn apart."""
    if len(text) <= limit:
        return text
    head = text[: limit - 2]
    ends = max(head.rfind("\n"), head.rfind(" "))
    head = head[:ends] if ends > 0 else head
    opened = head.rfind("<")
    if opened > head.rfind(">"):
        head = head[:opened]
    entity = head.rfind("&")
    if entity > head.rfind(";"):
        head = head[:entity]
    return head.rstrip() + "…"


def split_mrkdwn(text: str, limit: int = SECTION) -> list[str]:
    """Finished mrkdwn in pieces of at most `limit` characters, nothing left away, no entity torn apart."""
    pieces: list[str] = []
    while len(text) > limit:
        at = _break_before(text, limit)
        pieces.append(text[:at].rstrip())
        text = text[at:].lstrip("\n ")
    return [piece for piece in [*pieces, text] if piece.strip()]


def _break_before(text: str, limit: int) -> int:
    """The best place to break at or before `limit`: a paragraph, a line, a word, else between characters."""
    head = text[:limit]
    for mark in ("\n\n", "\n", " "):
        if (at := head.rfind(mark)) > limit // 2:
            return at
    entity = head.rfind("&", limit - 6)
    return entity if entity > 0 and ";" not in head[entity:] else limit
