"""Spans and times as alerts say them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core import units


def span(span: timedelta) -> str:
    """`2 d 4 h`."""
    return units.duration_text(span.total_seconds())


def utc(at: datetime | None) -> str:
    """`2026-03-01 02:00 UTC`; where a reader's own zone is known, the edge shows it in that."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "a time that is not known"
