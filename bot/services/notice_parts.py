"""Everything that notices are made of, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ledger.connection import LedgerPool
from bot.services.access import Gate
from bot.services.approvals import Approvals
from bot.services.deliveries import Deliveries
from bot.services.notice_audience import NoticeAudience
from bot.services.notice_book import NoticeBook
from bot.services.notice_closing import NoticeClosing
from bot.services.notice_counting import NoticeCounting
from bot.services.notice_life import NoticeLife
from bot.services.notice_order import NoticeOrder
from bot.services.notice_reading import NoticeReading
from bot.services.notice_retrying import NoticeRetrying
from bot.services.notice_sending import NoticeSending
from bot.services.notice_texts import NoticeTexts
from bot.services.notice_writing import NoticeWriter
from bot.services.notices import Notices
from bot.services.notifying import Notifier
from bot.services.recipients import Recipients
from bot.settings import Configuration


@dataclass(frozen=True)
class NoticeParts:
    """`writing`: up to the last yes. `sending`: from there. `life`: by itself. `reading`: looking.

    `counting`: whom a draft reaches. `retrying`: recipients once more. `closing`: without another word.
    """

    writing: Notices
    reading: NoticeReading
    sending: NoticeSending
    life: NoticeLife
    counting: NoticeCounting
    retrying: NoticeRetrying
    closing: NoticeClosing


def build_notices(
    pool: LedgerPool,
    configuration: Configuration,
    notifier: Notifier,
    *,
    approvals: Approvals,
    texts: NoticeTexts,
    recipients: Recipients,
    deliveries: Deliveries,
) -> NoticeParts:
    """Wire the parts."""
    gate, book = Gate(pool), NoticeBook(notifier)
    audience = NoticeAudience(pool, recipients, configuration.channels)
    order = NoticeOrder(deliveries, book)
    reading = NoticeReading(pool, configuration, gate, texts)
    sending = NoticeSending(pool, gate, audience, deliveries, book, reading, order)
    counting = NoticeCounting(pool, deliveries.queue, gate, audience, book, reading)
    writer = NoticeWriter(configuration, texts)
    writing = Notices(pool, configuration, gate, approvals, writer, book, reading, sending, counting)
    life = NoticeLife(pool, configuration, approvals, sending, book)
    retrying = NoticeRetrying(pool, gate, deliveries, sending)
    closing = NoticeClosing(pool, gate, approvals, order, book, reading)
    return NoticeParts(writing, reading, sending, life, counting, retrying, closing)
