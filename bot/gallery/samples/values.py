"""The values that samples of every family are made of: a time, hostile words, a person."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.people import Actor, Role, Source
from bot.settings import ContactSettings
from bot.slack.views import Surroundings

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
PING = "<!channel> <!here> <!everyone> <@U0ADA> <!subteam^S0OPERATORS> @channel @here"
EVIL = (
    f"{PING} *bold* _it_ ~no~ `code` <https://example.org|link> ```block``` :fire: &lt;!channel&gt; \u202eabc"
)
EMOJI = "\U0001f69a" * 15 + "abc"  # 63 bytes
LONG = "An <error> & more \U0001f69a of it. " * 200
ARABIC, HEBREW = "سجلات_القيادة", "יומני_נהיגה"

AROUND = Surroundings(
    contacts=(
        ContactSettings(level=1, name="Night desk", address="+1 555 0100", call_when="a backup failed"),
        ContactSettings(level=1, name="Database administrators", slack="S0OPERATORS"),
    )
)
WORST_AROUND = Surroundings(
    contacts=(
        ContactSettings(level=1, name=EVIL, slack="S0DBAS", call_when=EVIL + LONG),
        ContactSettings(level=1, name="Night desk", address="+1 555 0100"),
        ContactSettings(level=2, name="Never shown first"),
    ),
    notes=(EVIL + LONG,),
)


def actor(*roles: Role) -> Actor:
    """Omar with these roles."""
    return Actor("T0SANDBOX", "U0OMAR", Source.SLACK, frozenset(roles))
