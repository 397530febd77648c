"""Notices to customers: the products they speak of, and when they remind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bot.settings.fields import Name, Part, Seconds, ZoneName

_HOUR = 3600.0
HttpsUrl = Annotated[str, Field(pattern=r"^https://[^\s<>\"|]+$")]
OneLine = Annotated[str, Field(pattern=r"^[^\r\n<>|]+$", min_length=1, max_length=80)]


class ProductSettings(Part):
    """What customers know a product by. Links in notices come from here only, never from what is typed."""

    name: OneLine
    status_url: HttpsUrl | None = None
    support: OneLine | None = None  # whom customers may ask: an address or a number
    signature: OneLine | None = None  # without it "The NAME team"
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4e79"
    time_zone: ZoneName = "UTC"  # the audience's; times stand in it and in UTC
    database: Name | None = None  # whose warnings are held back inside an announced window


class NoticesSettings(Part):
    """The table `[notices]`."""

    templates: Path | None = None  # a folder with kinds of the team's own
    products: Mapping[Name, ProductSettings] = Field(default_factory=dict)
    reminders: tuple[Seconds, ...] = (72 * _HOUR, 24 * _HOUR, 1 * _HOUR)
    # A text asks again at its time where its audience has changed by more than this share.
    audience_drift: Annotated[float, Field(ge=0, le=10)] = 0.1
    emergency_approval: Literal["approver", "on-call"] = "approver"
