"""What is wrong with a database and with the bot, rule by rule; and that a healthy one is left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.alert_facts import (
    Checked,
    DatabaseFacts,
    Failed,
    HouseFacts,
    LastTest,
    Limits,
    Planned,
    Running,
    Silence,
    Stored,
    Unreadable,
    Waiting,
)
from bot.core.alert_rules import DATABASE_RULES, Look, of_database
from bot.core.alert_rules_house import of_house
from bot.core.alerts import Severity
from bot.core.backup import Kind
from bot.core.verdict import Verdict

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = NOW.replace(hour=2)
LONG_AGO = NOW - 100 * DAY
DAILY = Planned("daily", "full", DUE, LONG_AGO)
MONTHLY = Planned("monthly", "restore-test", NOW - 9 * DAY, LONG_AGO)


def backup(age: timedelta, rows: int = 1000, size: int = 1_000_000) -> Stored:
    return Stored("b0000001", NOW - age, size, rows)


CHECKED_BADLY = Checked(Kind.FULL, "b0000009", NOW - HOUR, False, "Other bytes.")
GOOD = DatabaseFacts(
    "shop",
    LONG_AGO,
    rpo=DAY,
    rto=4 * HOUR,
    schedules=(DAILY, MONTHLY),
    stored={Kind.FULL: [backup(9 * HOUR), backup(33 * HOUR), backup(57 * HOUR)]},
    checked=[replace(CHECKED_BADLY, passed=True)],
    tested=LastTest("t1", "b1", NOW - 5 * DAY, Verdict.PASS, ""),
    proved_at=NOW - 5 * DAY,
    recovery=HOUR,
    running=(Running("b2", "full backup", NOW - 20 * timedelta(minutes=1), 15 * timedelta(minutes=1)),),
)


def found(facts: DatabaseFacts, now: datetime = NOW) -> set[str]:
    return {condition.key for condition in of_database(facts, now, Limits()).conditions}


def test_a_healthy_database_is_left_in_peace() -> None:
    assert found(GOOD) == set()


def with_newest(age: timedelta, **more: int) -> DatabaseFacts:
    return replace(GOOD, stored={Kind.FULL: [backup(age, **more), backup(33 * HOUR), backup(57 * HOUR)]})


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        (with_newest(23 * HOUR), "stale:shop/daily"),
        (replace(GOOD, schedules=(replace(DAILY, stale_after=8 * HOUR), MONTHLY)), "stale:shop/daily"),
        (replace(GOOD, rpo=8 * HOUR), "rpo:shop"),
        (replace(GOOD, proved_at=NOW - 20 * DAY), "unproved:shop/monthly"),
        (replace(GOOD, proved_at=None), "unproved:shop/monthly"),
        (replace(GOOD, stored={}), "no-backup:shop"),
        (replace(GOOD, stored={Kind.SCHEMA: [backup(HOUR)]}), "no-backup:shop"),
        (replace(GOOD, failed=[Failed("b9", "full", NOW, "Away.", "")]), "backup-failed:shop/full"),
        (replace(GOOD, tested=LastTest("t1", "b1", NOW, Verdict.FAIL, "Rows.")), "restore-test:shop"),
        (replace(GOOD, tested=LastTest("t1", "b1", NOW, Verdict.COULD_NOT_VERIFY, "?")), "restore-test:shop"),
        (replace(GOOD, checked=[CHECKED_BADLY]), "check-failed:shop/b0000009"),
        (replace(GOOD, running=(Running("b2", "full backup", NOW - HOUR, HOUR / 4),)), "slow:shop/b2"),
        (with_newest(9 * HOUR, rows=690), "shrunk:shop/full"),
        (with_newest(9 * HOUR, size=600_000), "shrunk:shop/full"),
        (replace(GOOD, recovery=5 * HOUR), "rto:shop"),
        (replace(GOOD, schedules=(MONTHLY,)), "no-schedule:shop"),
    ],
)
def test_each_rule_sees_its_own(facts: DatabaseFacts, key: str) -> None:
    assert found(facts) == {key}


def test_a_fresh_installation_waits_for_the_first_time_that_is_due() -> None:
    since = NOW - HOUR  # after today's two o'clock
    fresh = DatabaseFacts("shop", since, rpo=DAY, schedules=(replace(DAILY, since=since),))
    assert found(fresh) == set()
    tomorrow = replace(fresh, schedules=(replace(DAILY, since=since, owed=DUE + DAY),))
    assert found(tomorrow, NOW + DAY - HOUR) == {"no-backup:shop"}
    assert found(replace(fresh, schedules=(MONTHLY, DAILY), rpo=None)) == {
        "no-backup:shop",
        "unproved:shop/monthly",
    }


def test_a_new_schedule_does_not_blame_the_time_before_it() -> None:
    new = replace(DAILY, since=NOW - HOUR)
    assert found(replace(with_newest(23 * HOUR), schedules=(new, MONTHLY))) == set()


def test_a_paused_schedule_is_not_stale_but_the_rpo_breaks_all_the_same() -> None:
    paused = replace(GOOD, schedules=(replace(DAILY, paused=True), replace(MONTHLY, paused=True)))
    old = {Kind.FULL: [backup(30 * HOUR)]}
    assert found(replace(paused, stored=old, proved_at=None)) == {"rpo:shop"}


def test_a_backup_that_began_as_the_rpo_broke_is_waited_for() -> None:
    minutes = timedelta(minutes=1)
    began, break_ = DUE + 5 * timedelta(seconds=1), DUE  # yesterday's snapshot is a day old at two o'clock
    night = replace(GOOD, schedules=(), stored={Kind.FULL: [backup(NOW - DUE + DAY)]}, running=())
    run = Running("b2", "full backup", began, 15 * minutes)

    def at(after: timedelta, *running: Running) -> bool:
        return "rpo:shop" in found(replace(night, running=running), break_ + after)

    assert not at(4 * minutes)
    assert at(6 * minutes)
    assert not at(20 * minutes, run)
    assert at(20 * minutes, replace(run, what="restore test"))
    assert at(40 * minutes, run)  # hangs
    assert at(20 * minutes, replace(run, started_at=began + 10 * minutes))  # one of many that fail
    assert not at(40 * minutes, replace(run, usual=None))
    assert at(70 * minutes, replace(run, usual=None))


def test_a_database_whose_clock_is_a_little_slow_is_not_stale() -> None:
    assert found(with_newest(NOW - DUE + timedelta(minutes=2))) == set()
    assert found(with_newest(NOW - DUE + timedelta(minutes=6))) == {"stale:shop/daily"}


def test_severities() -> None:
    def severity(facts: DatabaseFacts) -> Severity:
        (one,) = of_database(facts, NOW, Limits()).conditions
        return one.severity

    assert severity(replace(GOOD, tested=LastTest("t", "b", NOW, Verdict.FAIL, ""))) is Severity.CRITICAL
    test = LastTest("t", "b", NOW, Verdict.COULD_NOT_VERIFY, "")
    assert severity(replace(GOOD, tested=test)) is Severity.WARNING
    (unverified,) = of_database(replace(GOOD, tested=test), NOW, Limits()).conditions
    assert "could not verify everything" in unverified.sentence  # much of it was
    assert severity(with_newest(9 * HOUR, rows=600)) is Severity.WARNING
    assert severity(with_newest(9 * HOUR, rows=0)) is Severity.CRITICAL


def test_a_few_rows_less_are_a_quiet_day() -> None:
    small = [backup(9 * HOUR, rows=3, size=9_000), backup(33 * HOUR, rows=90, size=90_000)]
    assert found(replace(GOOD, stored={Kind.FULL: small})) == set()


@pytest.mark.parametrize(
    ("house", "keys"),
    [
        (HouseFacts(NOW), set()),
        (HouseFacts(NOW, [Waiting("fast", "messages", 3, NOW - 5 * MINUTE)]), set()),
        (HouseFacts(NOW, [Waiting("fast", "messages", 3, NOW - HOUR)]), {"queue-stuck:fast"}),
        (HouseFacts(NOW, [Waiting("slow", "backups", 1, NOW - HOUR)]), {"queue-stuck:slow"}),
        (HouseFacts(NOW, [Waiting("slow", "backups", 1, NOW - HOUR, busy=True)]), set()),
        (HouseFacts(NOW - 2 * timedelta(minutes=1)), {"worker-gone"}),
        (HouseFacts(None), {"worker-gone"}),
    ],
)
def test_the_bots_own_parts(house: HouseFacts, keys: set[str]) -> None:
    assert {condition.key for condition in of_house(house, NOW, Limits())} == keys


def test_a_rule_that_cannot_look_keeps_no_other_from_it() -> None:
    facts = replace(with_newest(23 * HOUR), tested=Unreadable(TypeError("a name of the future")))
    look = of_database(facts, NOW, Limits())
    assert {found.key for found in look.conditions} == {
        "stale:shop/daily",
        "could-not-look:shop/restore-test",
    }
    assert look.looked == {*DATABASE_RULES, "could-not-look"} - {"restore-test"}
    assert list(look.failed) == ["restore-test"]
    said = next(found for found in look.conditions if found.rule == "could-not-look")
    assert said.severity is Severity.WARNING
    assert "a name of the future" not in said.sentence


@pytest.mark.parametrize(
    ("ours", "theirs", "rules"), [(MONTHLY, DAILY, {"stale", "no-backup"}), (DAILY, MONTHLY, {"unproved"})]
)
def test_where_another_plan_is_fired_nothing_is_known_of_what_is_due(
    ours: Planned, theirs: Planned, rules: set[str]
) -> None:
    facts = replace(GOOD, schedules=(ours, replace(theirs, elsewhere=True)))
    assert of_database(facts, NOW, Limits()).looked == {*DATABASE_RULES, "could-not-look"} - rules


def waiting(look: Look) -> set[str]:
    return {found.key for found in look.conditions if found.waits}


DOWN = Silence(NOW - 12 * HOUR, NOW)
CATCHING_UP = Running("b2", "full backup", NOW + MINUTE, 30 * MINUTE)


@pytest.mark.parametrize(
    ("after", "running", "waits"),
    [
        (0 * MINUTE, (), True),
        (10 * MINUTE, (), True),
        (11 * MINUTE, (), False),
        (11 * MINUTE, (CATCHING_UP,), True),
        (61 * MINUTE, (CATCHING_UP,), True),
        (62 * MINUTE, (CATCHING_UP,), False),  # past twice its usual time
        (20 * MINUTE, (replace(CATCHING_UP, what="critical backup"),), None),
        (20 * MINUTE, (replace(CATCHING_UP, started_at=NOW + 12 * MINUTE),), False),  # not what was caught up
        (20 * MINUTE, (replace(CATCHING_UP, what="restore test"),), False),
    ],
)
def test_after_a_silence_what_is_caught_up_is_waited_for(
    after: timedelta, running: tuple[Running, ...], waits: bool | None
) -> None:
    facts = replace(with_newest(40 * HOUR), silence=DOWN, running=running)
    look = of_database(facts, NOW + after, Limits())
    assert {"stale:shop/daily", "rpo:shop"} <= {found.key for found in look.conditions}
    # A backup of the critical tables ends the RPO's alert, and not that of a schedule of full ones.
    expected = {True: {"stale:shop/daily", "rpo:shop"}, False: set(), None: {"rpo:shop"}}[waits]
    assert waiting(look) == expected
    assert waiting(of_database(replace(facts, silence=None), NOW + after, Limits())) == set()


def test_the_silence_is_told_where_nothing_newer_came() -> None:
    def told(facts: DatabaseFacts) -> list[str]:
        found = of_database(facts, NOW, Limits()).conditions
        return [
            one.rule for one in found if "from 2026-03-10 00:00 UTC to 2026-03-10 12:00 UTC" in one.sentence
        ]

    down = replace(with_newest(40 * HOUR), silence=DOWN)
    assert told(down) == ["stale", "rpo"]
    assert told(replace(down, stored={Kind.FULL: [backup(-HOUR)]}, rpo=-DAY)) == []
    assert told(replace(down, stored={})) == ["no-backup"]


def test_words_that_stay_true() -> None:
    """A message is drawn again at an alert's steps only: an age in it would be wrong an hour later."""
    for facts in (
        with_newest(40 * HOUR),
        replace(GOOD, proved_at=NOW - 20 * DAY),
        with_newest(9 * HOUR, rows=1),
    ):
        for found in of_database(facts, NOW, Limits()).conditions:
            assert " old." not in found.sentence
            assert "newest full backup" not in found.sentence
            assert "2026-0" in found.sentence
