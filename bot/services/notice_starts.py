"""With which values the form of a notice starts: what was said before, as far as it still makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.notice_fields import FieldType, NoticeField, suggested
from bot.core.notices import NoticeRevision
from bot.services.notice_stages import NoticeStage

# What makes sense again another time; times never do.
_TIMES = frozenset({FieldType.DATETIME, FieldType.CHECKED})


def said_again(stage: NoticeStage, before: NoticeRevision | None, now: datetime) -> dict[str, str]:
    """For a new matter: what was said the last time, without its times and what was checked for that one."""
    said = before.variables if before else {}
    kept = {one.name: said[one.name] for one in stage.fields if one.type not in _TIMES and one.name in said}
    return kept | suggested(stage.fields, now)


def still_true(stage: NoticeStage, before: NoticeRevision | None, now: datetime) -> dict[str, str]:
    """For the next word: the same, without promises that have passed and what was checked for that one."""
    said: Mapping[str, str] = before.variables if before else {}
    kept = {
        one.name: said[one.name]
        for one in stage.fields
        if one.type is not FieldType.CHECKED and one.name in said and not _passed(one, said[one.name], now)
    }
    return kept | suggested(stage.fields, now)


def _passed(field: NoticeField, value: str, now: datetime) -> bool:
    """Whether a time that has to lie ahead does so no more; what is no time any more is left out too."""
    if field.type is not FieldType.DATETIME or not field.ahead:
        return False
    try:
        return datetime.fromisoformat(value) <= now
    except ValueError:
        return True
