"""When a schedule is due: every configured schedule, its next time and its last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.schedules import HOUSE, Schedule
from bot.settings import Configuration, ScheduleSettings
from bot.settings.cron import cron_trigger

# No zone has moved its clocks by more than this at once since the date line was last moved.
_LONGEST_JUMP = timedelta(hours=2)
# How far back is looked for the last time, step by step: from every minute to every four years.
_LOOK_BACK = tuple(timedelta(minutes=m) for m in (2, 120, 1_500, 11_500, 90_000, 530_000, 2_200_000))
_A_WEEK_OR_SO = timedelta(days=5)


def schedules(configuration: Configuration) -> tuple[Schedule, ...]:
    """Every configured schedule, the databases' and the house's own, in the order of the file."""
    house = configuration.house
    own = {"report": house.report, "audit-check": house.audit_check, "housekeeping": house.housekeeping}
    return (
        *(
            schedule
            for database in configuration.databases
            for schedule in of_database(configuration, database)
        ),
        *(
            Schedule(f"{HOUSE}/{name}", name, cron, house.time_zone)
            for name, cron in own.items()
            if cron != "never"
        ),
    )


def of_database(configuration: Configuration, database: str) -> tuple[Schedule, ...]:
    """The schedules of one database; none where it is not configured."""
    configured = configuration.databases.get(database)
    if configured is None:
        return ()
    return tuple(
        of_settings(f"{database}/{name}", settings, configured.time_zone)
        for name, settings in configured.schedules.items()
    )


def find(configuration: Configuration, key: str) -> Schedule | None:
    """The schedule of this key, or None."""
    return next((schedule for schedule in schedules(configuration) if schedule.key == key), None)


def of_settings(key: str, settings: ScheduleSettings, zone: str) -> Schedule:
    """A configured schedule under its key, in its database's time zone."""
    return Schedule(
        key=key,
        kind=settings.kind,
        cron=settings.cron,
        zone=zone,
        catch_up=settings.catch_up,
        grace=timedelta(seconds=settings.grace),
        stale_after=timedelta(seconds=settings.stale_after) if settings.stale_after else None,
        then=settings.then,
        heartbeat_url_env=settings.heartbeat_url_env,
    )


def next_after(schedule: Schedule, at: datetime) -> datetime:
    """The first time after `at` that the schedule is due, in UTC.

    A wall-clock time that the clocks skip comes as many minutes later as were skipped; one that they show
    twice comes at the first of the two (`Schedule.by_the_wall`).
    """
    if not schedule.by_the_wall:
        trigger = cron_trigger(schedule.cron, schedule.zone)
        found: datetime | None = trigger.get_next_fire_time(None, at + timedelta(microseconds=1))
        assert found is not None  # the configuration refuses lines whose time never comes
        return found.astimezone(UTC)
    zone = ZoneInfo(schedule.zone)
    if _jumps_near(zone, at):
        return _next_near_a_jump(schedule, zone, at)
    found = _next_on_the_wall(schedule, at.astimezone(zone).replace(tzinfo=None)).replace(tzinfo=zone)
    return _next_near_a_jump(schedule, zone, at) if _jumps_near(zone, found) else found.astimezone(UTC)


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The last time up to and including `at` that the schedule was due, in UTC.

    None where that lies more than four years back.
    """
    for back in _LOOK_BACK:
        due = next_after(schedule, at - back)
        if due <= at:
            return _last_of(schedule, due, at)
    return None


def between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every time after the one and up to the other, oldest first."""
    due = next_after(schedule, after)
    while due <= until:
        yield due
        due = next_after(schedule, due)


def wall_time(schedule: Schedule, due: datetime) -> datetime | None:
    """The wall-clock time (without a zone) that a time is the only run of; None where none is meant."""
    return due.astimezone(ZoneInfo(schedule.zone)).replace(tzinfo=None) if schedule.by_the_wall else None


def lifecycle(schedule: Schedule, at: datetime) -> str:
    """The folder that a bucket's rules go by: `schema`, `weekly` for what comes that seldom, or `daily`."""
    if schedule.kind == "schema":
        return "schema"
    first = next_after(schedule, at)
    return "weekly" if next_after(schedule, first) - first >= _A_WEEK_OR_SO else "daily"


def _last_of(schedule: Schedule, due: datetime, at: datetime) -> datetime:
    for later in between(schedule, due, at):
        due = later
    return due


def _next_near_a_jump(schedule: Schedule, zone: ZoneInfo, at: datetime) -> datetime:
    """The same where the clocks are moved: times on the wall then come out of order, or at one instant."""
    first: datetime | None = None
    wall = at.astimezone(zone).replace(tzinfo=None) - _LONGEST_JUMP
    while True:
        wall = _next_on_the_wall(schedule, wall)
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        if first is not None and instant > first + _LONGEST_JUMP:
            return first
        if instant > at and (first is None or instant < first):
            first = instant


def _next_on_the_wall(schedule: Schedule, wall: datetime) -> datetime:
    """The next time on an idle clock without jumps; both without a zone.

    The library, asked for local times itself, leaves out a day whose midnight the clocks skip.
    """
    start = wall.replace(tzinfo=UTC) + timedelta(microseconds=1)
    found: datetime | None = cron_trigger(schedule.cron, "UTC").get_next_fire_time(None, start)
    assert found is not None  # the configuration refuses lines whose time never comes
    return found.replace(tzinfo=None)


def _jumps_near(zone: ZoneInfo, at: datetime) -> bool:
    """Whether the zone's clocks are moved so shortly before or after that it matters."""
    instant = at.astimezone(UTC)
    before, after = (instant + way * _LONGEST_JUMP for way in (-1, 1))
    return before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
