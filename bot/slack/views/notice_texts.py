"""A notice's text as it is sent, shown word for word inside a message."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.notices import NoticeText
from bot.slack import mrkdwn
from bot.slack.blocks import Block, section, small
from bot.slack.fit import SECTION, pages

_MOST = 5  # sections for each format
_BLOCK = 2700  # room for the fences, and for what a block's escaping adds


def word_for_word(text: NoticeText) -> list[Block]:
    """Both formats as blocks; where they are long, their beginning.

    The Slack text is finished mrkdwn, escaped when it was made from its template, and goes out as it stands.
    """
    slack = list(pages(text.slack.split("\n")))
    whole = len(slack) <= _MOST and all(len(line) <= SECTION for line in text.slack.split("\n"))
    mail = list(_code_pages(text.text))
    whole = whole and len(mail) <= _MOST
    subject = section(f"*As e-mail and everywhere else:* {mrkdwn.plain(text.subject)}")
    line: Block = {"type": "divider"}
    blocks = [line, section("*In Slack:*"), *map(section, slack[:_MOST]), line, subject]
    blocks += [*(section(mrkdwn.code_block(page)) for page in mail[:_MOST]), line]
    if not whole:
        blocks.append(small("This is only its beginning; all of it is in the thread."))
    return blocks


def _code_pages(text: str) -> Iterator[str]:
    """Lines in pages that fit a code block once they are escaped; a longer line goes over several."""
    page, size = "", 0
    for character in text.strip("\n"):
        grown = {"&": 5, "<": 4, ">": 4}.get(character, 1)
        if size + grown > _BLOCK or (character == "\n" and size > _BLOCK * 0.9):
            yield page
            page, size = "", 0
        page, size = page + character, size + grown
    if page:
        yield page
