"""Which stage a new notice begins with, and what to say where the words name none that it can begin with."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.mrkdwn import clean
from bot.core.notices import Notice, NoticePhase
from bot.errors import NotFoundError, UserError
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.notice_stages import NoticeStage
from bot.services.notice_texts import NoticeTexts

_NAMED, _LONGEST = 5, 40


def opening_stage(
    pool: LedgerPool, texts: NoticeTexts, products: Sequence[str], typed: tuple[str, str | None, str]
) -> NoticeStage:
    """The stage that was typed, as a beginning. `typed`: kind, product where one was named, and stage.

    Raises:
        NotFoundError: no such kind, or the word is neither a product nor a stage of it.
        UserError: the stage follows what customers know of.
    """
    kind, product, stage = typed
    stages = texts.stages(kind)
    known = next((one for one in stages if one.name == stage), None)
    if known is None:
        opening = ", ".join(one.name for one in stages if one.file.opens)
        raise NotFoundError(
            f'"{clean(stage)[:_LONGEST]}" is neither a product nor a beginning of {kind}.',
            next_step=f"Products here: {', '.join(products)}. It begins with: {opening}.",
        )
    if not known.file.opens:
        raise _follows(known, product, _live(pool, kind, product))
    return known


def _live(pool: LedgerPool, kind: str, product: str | None) -> list[Notice]:
    with borrowed(pool) as connection:
        unfinished = ledger.unfinished(connection)
    return [
        one
        for one in unfinished
        if one.phase is NoticePhase.LIVE and one.kind == kind and product in (None, one.product)
    ]


def _follows(stage: NoticeStage, product: str | None, live: Sequence[Notice]) -> UserError:
    """An error for a later word as a beginning: it names the matters that it could be a word on."""
    if not live:
        about = f" of {stage.kind}" + (f" for {product}" if product else "")
        return UserError(
            f"{stage.title} follows a notice that customers know of, and none{about} is live.",
            next_step="`/notice list` shows them all.",
        )
    named = ", ".join(f"{one.id} ({one.product})" for one in live[-_NAMED:])
    return UserError(
        f"{stage.title} follows a notice that customers know of. Live now: {named}.",
        next_step=f"Type `/notice update {live[-1].id} {stage.name}`.",
    )
