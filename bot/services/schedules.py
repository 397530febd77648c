"""What people ask of schedules: how they stand, and to pause one or let it go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.people import Action, Actor, Source
from bot.core.schedules import Schedule
from bot.core.units import duration_text
from bot.errors import NotFoundError, UserError
from bot.ledger import audit
from bot.ledger import schedules as ledger
from bot.ledger.connection import LedgerConnection, LedgerPool, borrowed
from bot.ledger.schedules import PauseRecord
from bot.services import due
from bot.services.access import Gate
from bot.services.notifying import Notifier
from bot.services.schedule_views import NothingBegan, PauseMessage, ScheduleList, ScheduleStanding
from bot.settings import Configuration

PAUSE_TOPIC = "pause"
REMINDER_TOPIC = "pause-reminder"
LONGEST_PAUSE = timedelta(days=30)
REMIND_EVERY = timedelta(hours=24)
_LONGEST_REASON = 500
_CLOCK = Actor(team="local", user="clock", source=Source.SCHEDULE)


@dataclass(frozen=True)
class Schedules:
    """The use cases behind `/backup schedule`, the same for Slack and the command line."""

    pool: LedgerPool
    configuration: Configuration
    notifier: Notifier
    gate: Gate

    def keys(self) -> tuple[str, ...]:
        """Every configured schedule's key."""
        return tuple(schedule.key for schedule in due.schedules(self.configuration))

    def standing(self, actor: Actor, database: str | None = None) -> ScheduleList:
        """Every schedule, or those of one database: last run, next time, pause.

        Raises:
            NotAllowedError: the actor's role does not reach.
        """
        self.gate.admit(actor, Action.SEE, {"verb": "schedule"})
        wanted = due.schedules(self.configuration)
        if database is not None:
            wanted = tuple(each for each in wanted if each.database == database)
        keys, now = [each.key for each in wanted], _now()
        with borrowed(self.pool) as connection:
            seen = ledger.standing(connection, keys).since
            fires, runs = ledger.newest(connection, keys), ledger.last_runs(connection, keys)
            pauses = {each.schedule: each for each in ledger.pauses(connection, keys, now)}
        return ScheduleList(
            [
                ScheduleStanding(
                    schedule,
                    due.next_after(schedule, pause.ends_at if pause else now),
                    fires.get(schedule.key),
                    runs.get(schedule.key),
                    pause,
                    schedule.key in seen,
                )
                for schedule in wanted
                for pause in (_still(pauses.get(schedule.key), now),)
            ],
            database,
            now,
        )

    def pause(
        self,
        actor: Actor,
        key: str,
        *,
        reason: str,
        end: timedelta | datetime,
        channel: str | None = None,
    ) -> PauseMessage:
        """Have nothing of it begin until then; everybody reads why, and is reminded daily.

        An `end` without a zone is meant in the schedule's own.

        Raises:
            NotAllowedError: the actor's role does not reach.
            NotFoundError: no such schedule.
            UserError: no reason, an end that is no end, or it is paused already.
        """
        self.gate.admit(actor, Action.PAUSE, {"schedule": key[:80]})
        schedule, now = self._schedule(key), _now()
        ends_at = _end(end, schedule, now)
        _check(reason, ends_at, now)
        with borrowed(self.pool) as connection:
            ledger.end_over(connection, _CLOCK)
            paused = ledger.pause(
                connection, key, actor=actor, reason=reason, ends_at=ends_at, channel=channel
            )
            if paused is None:
                raise UserError(
                    f"{key} is paused already.", next_step=f"Type `/backup schedule resume {key}` first."
                )
            self._tell(connection, paused, "opened")
            details = {"reason": reason, "ends_at": ends_at.isoformat(), "pause": paused.id}
            audit.record(connection, actor, "schedule.paused", f"schedule:{key}", details)
        return _as_message(paused, schedule, now)

    def resume(self, actor: Actor, key: str) -> PauseMessage:
        """Let it go on. What was due meanwhile is not made up for.

        Raises:
            NotAllowedError, NotFoundError: as in pause().
            UserError: it is not paused.
        """
        self.gate.admit(actor, Action.PAUSE, {"schedule": key[:80]})
        schedule, now = self._schedule(key), _now()
        with borrowed(self.pool) as connection:
            ended = ledger.end_pause(connection, key, actor)
            if ended is None:
                raise UserError(f"{key} is not paused.", next_step="Type `/backup schedule` to see them all.")
            self._tell(connection, ended, "verdict")
            audit.record(connection, actor, "schedule.resumed", f"schedule:{key}", {"pause": ended.id})
        return PauseMessage(ended, due.next_after(schedule, now), now)

    def remind(self) -> None:
        """The clock's tick: end the pauses that are over, and remind of those that stand."""
        with borrowed(self.pool) as connection:
            over = ledger.end_over(connection, _CLOCK)
            for pause in over:
                self._tell(connection, pause, "verdict")
            for pause in ledger.remind(connection, REMIND_EVERY):
                subject = f"{pause.id}:{pause.reminders}"
                self.notifier.tell(
                    connection, (REMINDER_TOPIC, subject), "opened", team=pause.team, channel=pause.channel
                )
            for pause in over:
                subject = f"schedule:{pause.schedule}"
                audit.record(connection, _CLOCK, "schedule.resumed", subject, {"pause": pause.id})

    def pause_message(self, pause_id: str, *, reminder: bool = False) -> PauseMessage | None:
        """A pause as of now; None where there is no such, or a reminder comes after its end."""
        with borrowed(self.pool) as connection:
            pause = ledger.get_pause(connection, pause_id)
        now = _now()
        if pause is None or (reminder and _still(pause, now) is None):
            return None
        schedule = due.find(self.configuration, pause.schedule)
        return _as_message(pause, schedule, now, reminder=reminder)

    def nothing_began(self, subject: str) -> NothingBegan | None:
        """What became of a due time, for `KEY@TIME`; None where there is no such fire."""
        key, _, at = subject.partition("@")
        due_at = datetime.fromisoformat(at)
        with borrowed(self.pool) as connection:
            fire = ledger.get(connection, key, due_at)
        schedule = due.find(self.configuration, key)
        following = due.next_after(schedule, _now()) if schedule else None
        return NothingBegan(key, due_at, fire, following) if fire else None

    def _schedule(self, key: str) -> Schedule:
        found = due.find(self.configuration, key)
        if found is None:
            raise NotFoundError(
                f"There is no schedule {key}.", next_step="Type `/backup schedule` to see them all."
            )
        return found

    def _tell(self, connection: LedgerConnection, pause: PauseRecord, stage: str) -> None:
        about = (PAUSE_TOPIC, pause.id)
        self.notifier.tell(connection, about, stage, team=pause.team, channel=pause.channel)


def _end(end: timedelta | datetime, schedule: Schedule, now: datetime) -> datetime:
    if isinstance(end, timedelta):
        return now + end
    return (end if end.tzinfo else end.replace(tzinfo=ZoneInfo(schedule.zone))).astimezone(UTC)


def _check(reason: str, ends_at: datetime, now: datetime) -> None:
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise UserError(f"Say why, in at most {_LONGEST_REASON} characters.", next_step=_LIKE)
    if ends_at <= now:
        raise UserError("That end has passed already.", next_step=_LIKE)
    if ends_at > now + LONGEST_PAUSE:
        longest = duration_text(LONGEST_PAUSE.total_seconds())
        raise UserError(
            f"A pause ends after {longest} at the latest.",
            next_step="Pause it again then, or take the schedule out of the configuration.",
        )


_LIKE = "Like `/backup schedule pause cruzonic/daily for 2d because the server moves`."


def _as_message(
    pause: PauseRecord, schedule: Schedule | None, now: datetime, *, reminder: bool = False
) -> PauseMessage:
    """A pause with the first time behind it, and whether it keeps anything from beginning."""
    if schedule is None:
        return PauseMessage(pause, None, now, reminder)
    after = pause.ended_at or pause.ends_at
    idle = due.next_after(schedule, pause.paused_at) >= pause.ends_at
    return PauseMessage(pause, due.next_after(schedule, after), now, reminder, idle)


def _still(pause: PauseRecord | None, now: datetime) -> PauseRecord | None:
    return pause if pause and pause.ended_at is None and pause.ends_at > now else None


def _now() -> datetime:
    return datetime.now(UTC)
