"""Notices to hand over, and hostile text to put into them."""

from __future__ import annotations

import dataclasses

from bot.channels.interface import Outgoing
from bot.ledger.dispatches import NewDispatch
from bot.services.notice_texts import NoticeTexts, RenderedNotice, content_hash
from bot.settings.notices import ProductSettings

PRODUCT = ProductSettings(
    name="FleetNest",
    status_url="https://status.fleetnest.example",
    support="help@fleetnest.example",
    time_zone="America/Chicago",
)
HOSTILE = (
    "<!channel> <@U0OMAR> <https://evil.example|click> *bold* _it_ ~no~ `code` :fire: {{7*7}} {% raw %} "
    "<script>alert(1)</script> \" onload='x' \u202eEVIL\u202c \U0001f525 שלום مرحبا \r\nBcc: victim@evil.example"
)


def rendered(**changes: str) -> RenderedNotice:
    texts = NoticeTexts()
    typed = texts.stage("maintenance", "scheduled").samples | changes
    filled = texts.read("maintenance", "scheduled", typed, "America/Chicago", None)
    assert not filled.errors
    return texts.render("maintenance", "scheduled", filled.values, PRODUCT)


def outgoing(recipient: str = "ann@example.com", **changes: object) -> Outgoing:
    text = rendered()
    message = Outgoing(
        key="ab" * 16,
        recipient=recipient,
        notice_id="n0t1ce01",
        revision=1,
        kind="maintenance",
        stage="scheduled",
        severity="info",
        status="scheduled",
        subject=text.subject,
        text=text.text,
        html=text.html,
        slack=text.slack,
    )
    return dataclasses.replace(message, **changes)  # type: ignore[arg-type]  # the fields' own names


def dispatch(notice_id: str = "n0t1ce01", revision: int = 1, *, rehearsal: bool = False) -> NewDispatch:
    text = rendered()
    return NewDispatch(
        notice_id=notice_id,
        revision=revision,
        team="T0TEST",
        kind="maintenance",
        stage="scheduled",
        severity="info",
        status="scheduled",
        subject=text.subject,
        body_text=text.text,
        body_html=text.html,
        body_slack=text.slack,
        content_hash=content_hash(text, "customers", "now"),
        rehearsal=rehearsal,
    )
