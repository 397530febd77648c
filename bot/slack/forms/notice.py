"""The forms of notices, made from the variables that a stage asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.durations import parse_duration
from bot.core.notice_fields import FieldType, NoticeField
from bot.services.notice_forms import NOTICE, START, Named, NoticeForm, NoticeStart
from bot.slack import mrkdwn
from bot.slack.blocks import Block, section, small
from bot.slack.forms.base import (
    DAY,
    HOUR,
    Choice,
    Modal,
    day,
    entry,
    field,
    hour,
    render_form,
    select,
    several,
    ticks,
)

_MINUTE, _HOUR_SECONDS = 60, 3600


@render_form.register
def _(form: NoticeStart) -> Modal:
    blocks: list[Block] = [
        section("Customers read what follows. Nothing is sent before somebody else approves.")
    ]
    if form.products:
        blocks.append(field("product", "Product", select(_choices(form.products), form.products[0].name)))
    if form.stages:
        blocks.append(field("stage", "What to tell", select(_choices(form.stages), form.stages[0].name)))
    return Modal(START, "A notice", "Go on", blocks, private=f"{form.kind}/{form.notice_id}")


@render_form.register
def _(form: NoticeForm) -> Modal:
    title = mrkdwn.plain(f"{form.stage.title}: {form.product_name}")
    blocks: list[Block] = [section(f"*{title}*"), small(f"All times are in {mrkdwn.plain(form.zone)}.")]
    for one in form.fields:
        blocks += _inputs(one, form)
    blocks.append(field("audiences", "Who is told", several(_choices(form.audiences), form.chosen)))
    blocks += _moment("send_at", "Send later", form.send_at, form.zone, "Empty: at once, when confirmed.")
    if form.follow_ups:
        hint = "Written now from the same words, approved together, each sent at its time."
        choice = ticks(_choices(form.follow_ups), form.followed)
        blocks.append(field("follow_ups", "Prepare with it", choice, hint=hint, optional=True))
    private = f"{form.stage.kind}/{form.stage.name}/{form.product}/{form.notice_id}/{form.number}"
    return Modal(NOTICE, "A notice", "Show the draft", blocks, private=private)


def _inputs(one: NoticeField, form: NoticeForm) -> list[Block]:
    """The inputs of one variable: a time has two."""
    value = form.values.get(one.name, "")
    optional = not one.required
    match one.type:
        case FieldType.DATETIME:
            return _moment(one.name, one.label, _time(value), form.zone, one.hint, optional=optional)
        case FieldType.CHECKED:
            box = ticks([Choice("yes", one.label)], ["yes"] if value else [])
            return [field(one.name, "Only if it is true", box, hint=one.hint, optional=True)]
        case FieldType.CHOICE:
            element = select([Choice(each, each) for each in one.choices], value)
        case FieldType.DURATION:
            element = entry(_span(value), longest=20, placeholder="5m, 2h or 1h 30m")
        case _:
            element = entry(value, lines=one.type is FieldType.PARAGRAPH, longest=one.limit)
    return [field(one.name, one.label, element, hint=one.hint, optional=optional)]


def _moment(
    name: str, label: str, value: datetime | None, zone: str, hint: str = "", *, optional: bool = True
) -> list[Block]:
    at = value.astimezone(ZoneInfo(zone)) if value else None
    return [
        field(name + DAY, f"{label}: day", day(at.date() if at else None), hint=hint, optional=optional),
        field(name + HOUR, f"{label}: time ({zone})", hour(at.time() if at else None), optional=optional),
    ]


def _time(value: str) -> datetime | None:
    """A kept time; what could not be read starts empty."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _span(value: str) -> str:
    """A kept duration (`300.0s`) as people write it."""
    try:
        seconds = parse_duration(value)
    except ValueError:
        return value
    for size, unit in ((_HOUR_SECONDS, "h"), (_MINUTE, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size:.0f}{unit}"
    return f"{seconds:.0f}s"


def _choices(found: Sequence[Named]) -> list[Choice]:
    return [Choice(one.name, one.title) for one in found]
