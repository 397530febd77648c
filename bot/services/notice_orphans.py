"""Notices whose product, audience or kind has left the configuration while they were not over."""

from __future__ import annotations

from bot.core.mrkdwn import clean
from bot.core.notices import Notice
from bot.errors import ConfigurationError, UserError
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.notice_texts import NoticeTexts
from bot.settings import Configuration

_LONGEST, _NAMED = 40, 5


def missing_parts(notice: Notice, configuration: Configuration, texts: NoticeTexts) -> tuple[str, ...]:
    """What a notice needs and the configuration has no more: `the product fleetnest`, in this order."""
    gone = [("kind", notice.kind)] if notice.kind not in texts.kinds() else []
    if notice.product not in configuration.notices.products:
        gone.append(("product", notice.product))
    gone += [("audience", name) for name in notice.audiences if name not in configuration.audiences]
    return tuple(f"the {what} {clean(name)[:_LONGEST]}" for what, name in gone)


def refuse_wordless(notice: Notice, configuration: Configuration, texts: NoticeTexts) -> None:
    """Without its kind or product there are no words for a notice; another audience could be chosen.

    Raises:
        UserError: one of them has left the configuration.
    """
    parts = missing_parts(notice, configuration, texts)
    gone = [part for part in parts if not part.startswith("the audience")]
    if gone:
        raise UserError(
            f"No further word can be written: {' and '.join(gone)} left the configuration.",
            next_step=f"Put it back; or end the matter without another word: `/notice close {notice.id}`.",
        )


def refuse_orphans(pool: LedgerPool, configuration: Configuration, texts: NoticeTexts) -> None:
    """Name the notices that are not over and lack something.

    Raises:
        ConfigurationError: there are such notices.
    """
    with borrowed(pool) as connection:
        unfinished = ledger.unfinished(connection)
    lacking = [(notice, missing_parts(notice, configuration, texts)) for notice in unfinished]
    named = [f"{notice.id} lacks {' and '.join(gone)}" for notice, gone in lacking if gone]
    if named:
        shown = "; ".join(named[:_NAMED])
        more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        raise ConfigurationError(
            f"Notices that are not over miss parts of the configuration: {shown}{more}.",
            next_step="Put them back; or `/notice close ID` (`/notice withdraw ID` where nothing was sent).",
        )
