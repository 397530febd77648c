"""When no clock looked: kept, so that what was missed is given its time before anybody is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.alert_facts import CAUGHT_UP_WITHIN, Silence
from bot.ledger import alerts as ledger
from bot.ledger.connection import LedgerConnection

# Looks come every minute, or every five at most.
NOTICED_AFTER = timedelta(minutes=11)
LOOKED, SILENT_SINCE, SILENT_UNTIL = "looked", "silent-since", "silent-until"


def note_look(connection: LedgerConnection, now: datetime) -> None:
    """Keep that somebody looks now, and the silence before it, if there was one.

    A clock that is back for less time than catching up may take, and is gone again, gains no more of it.
    """
    marks = ledger.marks_of(connection, [LOOKED, SILENT_UNTIL])
    before, back = marks.get(LOOKED), marks.get(SILENT_UNTIL)
    well = before is not None and (back is None or before - back >= CAUGHT_UP_WITHIN)
    if before is not None and well and now - before > NOTICED_AFTER:
        ledger.mark(connection, SILENT_SINCE, before)
        ledger.mark(connection, SILENT_UNTIL, now)
    ledger.mark(connection, LOOKED, now)


def last(marks: Mapping[str, datetime]) -> Silence | None:
    """The last silence among these marks."""
    since, until = marks.get(SILENT_SINCE), marks.get(SILENT_UNTIL)
    return Silence(since, until) if since is not None and until is not None else None
