"""Where the health report goes. When it comes is a schedule of the house."""

from __future__ import annotations

from bot.settings.fields import Part


class ReportSettings(Part):
    """`channel` None: the operations channel. `picture`: a picture of the last weeks comes with it."""

    channel: str | None = None
    picture: bool = True
