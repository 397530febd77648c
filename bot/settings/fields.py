"""The types that settings are made of: how each is checked, and the sentence when it is wrong."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.core.durations import Keep, parse_duration, parse_keep
from bot.core.expectation import check_expectation
from bot.settings.cron import valid_cron


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write one like 'America/New_York'") from error
    return name


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise ValueError(
            f"{name!r} cannot be a name here; use up to 40 of a-z, 0-9, '-' and '_', a letter first"
        )
    return name


def _api_url(url: str) -> str:
    """Slack's base address as its SDK needs it: method names are put straight behind it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or "/api"
    if parts.scheme not in ("http", "https") or not parts.netloc or not path.endswith("/api"):
        raise ValueError("write the base address of Slack's methods, like https://slack.com/api/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def _slack_id(found: str) -> str:
    if not re.fullmatch(r"[UWS][A-Z0-9]+", found):
        raise ValueError(
            f"{found!r} is no Slack id; write a person's member id (U… or W…, in Slack: profile, "
            '"Copy member ID") or the id of a user group (S…)'
        )
    return found


def _slack_user(found: str) -> str:
    if not re.fullmatch(r"[UW][A-Z0-9]+", found):
        raise ValueError(f"{found!r} is no person's Slack id; write a member id (U… or W…)")
    return found


ApiUrl = Annotated[str, AfterValidator(_api_url)]
PersonOrGroup = Annotated[str, AfterValidator(_slack_id)]
SlackUser = Annotated[str, AfterValidator(_slack_user)]
Seconds = Annotated[float, BeforeValidator(parse_duration)]
KeepFor = Annotated[Keep, BeforeValidator(parse_keep)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_name)]
Cron = Annotated[str, AfterValidator(valid_cron)]
Expected = Annotated[str, AfterValidator(check_expectation)]
# A password travels with it: in the clear on this machine only.
CheckUrl = Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])")]


class Part(BaseModel):
    """Frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
