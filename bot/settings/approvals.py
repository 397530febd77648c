"""How many people have to say yes, and for how long they may be waited for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings.fields import Part, Seconds


class ApprovalSettings(Part):
    """`[approvals]`. `break_glass`: an administrator may go ahead alone, loudly."""

    expires: Annotated[Seconds, Field(ge=60.0, le=7 * 86400.0)] = 24 * 3600.0
    needed: Annotated[int, Field(ge=1, le=9)] = 1
    remind_every: Annotated[Seconds, Field(ge=60.0)] = 2 * 3600.0
    break_glass: bool = False
