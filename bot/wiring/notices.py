"""Notices tied to a house: what people type and fill in, and what is posted of them."""

from __future__ import annotations

from bot.app import House
from bot.core.people import Actor
from bot.core.reply import Reply, Request
from bot.services import notice_book, notice_forms
from bot.services.notice_forms import NoticeForms
from bot.slack.deliver import Loader
from bot.slack.doors import FormHandler, Handler
from commands import notice, notice_words
from commands.notice import NoticeDesk


def desk_of(house: House) -> NoticeDesk:
    """The services behind `/notice`."""
    parts = house.notices
    forms = NoticeForms(house.pool, house.configuration, house.notice_texts)
    return NoticeDesk(
        parts.writing, parts.reading, parts.sending, parts.retrying, parts.counting, parts.closing, forms
    )


def commands(house: House) -> dict[str, Handler]:
    """`/notice`."""

    def on_notice(request: Request, actor: Actor) -> Reply:
        return notice.answer(request, actor, desk_of(house))

    return {notice_words.COMMAND: on_notice}


def forms(house: House) -> dict[str, FormHandler]:
    """The forms that write notices."""
    return {
        notice_forms.START: lambda sent, actor: notice.started(sent, actor, desk_of(house)),
        notice_forms.NOTICE: lambda sent, actor: notice.written(sent, actor, desk_of(house)),
    }


def topics(house: House) -> dict[str, Loader]:
    """A notice's one message with its thread, and what its owner is asked directly."""
    reading = house.notices.reading
    return {notice_book.TOPIC: reading.showing, notice_book.ASK: reading.showing}
