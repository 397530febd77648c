"""kill -9 around every commit in the life of a notice: nothing happens twice, and nothing is lost."""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import House
from bot.core.delivery import DeliveryState
from bot.core.notices import RevisionState
from bot.ledger import audit, dispatches
from bot.ledger.connection import borrowed
from tests.support import notice_child, notices
from tests.support.forked import processes
from tests.support.house import Plan, environ_of, folder_storage, open_house
from tests.support.mail import Mailbox, mail_server
from tests.support.notices import OLGA, PEOPLE, approve, confirm, deliver, sent, states, works
from tests.support.receiver import Receiver, receiver

pytestmark = pytest.mark.faults
_MOST_POINTS = 400
EXTRA = """
[channels.hook]
type = "webhook"
url_env = "HOOK_URL"
secret_env = "HOOK_SECRET"
[audiences.both]
channels = ["mail", "hook"]
csv = "{folder}/customers.csv"
[audiences.alone]
channels = ["hook"]
[notices]
reminders = ["5h"]
"""


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as box:
        yield box


@pytest.fixture
def plan(tmp_path: Path, mail: Mailbox, hook: Receiver) -> Plan:
    settings = notices.settings(tmp_path, mail.port, EXTRA.format(folder=tmp_path))
    secrets = {"HOOK_URL": hook.url, "HOOK_SECRET": f"whsec_{'A' * 43}="}
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    return Plan({"fleetnest": nowhere}, {"fleetnest": settings}, folder_storage(tmp_path / "s"), secrets)


@pytest.fixture
def environ(plan: Plan, migrated_url: str, tmp_path: Path) -> dict[str, str]:
    return environ_of(plan, migrated_url, tmp_path)


@pytest.fixture
def house(plan: Plan, migrated_url: str, tmp_path: Path) -> Iterator[House]:
    with open_house(plan, migrated_url, tmp_path) as opened:
        yield opened


def killed_until_it_lives(
    work: Callable[..., None], environ: Mapping[str, str], *arguments: object, then: Callable[[], None]
) -> int:
    """Run it again and again, killed one point later each time; how many died before one came through."""
    for point in itertools.count():
        child = processes().Process(target=work, args=(environ, point, *arguments))
        child.start()
        child.join()
        if child.exitcode == 0:
            return point
        assert child.exitcode == -signal.SIGKILL
        assert point < _MOST_POINTS
        then()
    raise AssertionError


def happened(house: House, notice_id: str) -> Counter[tuple[str, int | None]]:
    """Steps of a notice's history, by the text they are about."""
    with borrowed(house.pool) as connection:
        assert audit.verify(connection).whole
    return Counter((e.what, e.number) for e in house.notices.reading.show(OLGA, notice_id).events)


@pytest.mark.parametrize(("audience", "people"), [("both", (*PEOPLE, "hook")), ("alone", ("hook",))])
def test_a_worker_that_dies_around_any_commit_of_several_channels(
    house: House,
    environ: dict[str, str],
    mail: Mailbox,
    hook: Receiver,
    audience: str,
    people: tuple[str, ...],
) -> None:
    """With one recipient the sweep also meets every commit of the end, which many let it jump over."""
    typed = replace(works(), audiences=(audience,))
    going = confirm(house, approve(house, house.notices.writing.draft(OLGA, typed, "k1")), len(people))
    with borrowed(house.pool) as connection:
        dispatch = dispatches.of_revision(connection, going.notice.id, 1)
    assert dispatch is not None

    def time_passes() -> None:
        with borrowed(house.pool) as connection:
            connection.execute(
                "update dispatch_run set lease_until = now() - interval '1 s' where lease_until > now()"
            )

    arguments = (dispatch.id, *(("mail", "hook") if audience == "both" else ("hook",)))
    kills = killed_until_it_lives(notice_child.deliver, environ, *arguments, then=time_passes)
    assert kills >= 2 * len(people) + 6
    summary = house.deliveries.summary(going.notice.id, 1)
    assert summary is not None
    assert summary.finished_at is not None
    unknown = {one.recipient for one in summary.unknown}
    assert summary.count(DeliveryState.SENT) + len(unknown) == len(people)
    assert max([*mail.counts.values(), len(hook.got)]) <= 1
    got = set(mail.counts) | ({"hook"} if hook.got else set())
    assert set(people) - got <= unknown
    assert states(house, going) == [("scheduled", RevisionState.SENT)]
    assert happened(house, going.notice.id)[("sent", 1)] == 1


def test_a_clock_that_dies_around_any_commit_of_a_notices_life(house: House, environ: dict[str, str]) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=10)
    message = sent(house, works(start=start, follow_ups=("reminder", "started")))
    kills = 0
    for number, at in enumerate((start - timedelta(hours=5), start), 2):
        kills += killed_until_it_lives(notice_child.tick, environ, at, then=lambda: None)
        assert states(house, message)[number - 1][1] is RevisionState.SENDING
        deliver(house, message.notice.id, number)
    kills += killed_until_it_lives(notice_child.tick, environ, start + timedelta(hours=2), then=lambda: None)
    assert kills > 10
    assert states(house, message) == [
        ("scheduled", RevisionState.SENT),
        ("reminder", RevisionState.SENT),
        ("started", RevisionState.SENT),
    ]
    steps = happened(house, message.notice.id)
    assert {step: steps[step] for step in (("sending", 2), ("sent", 2), ("sending", 3), ("sent", 3))} == {
        ("sending", 2): 1, ("sent", 2): 1, ("sending", 3): 1, ("sent", 3): 1,
    }  # fmt: skip
    assert steps[("asked", None)] == 1  # for the end, which nobody had prepared
    with borrowed(house.pool) as connection:
        row = connection.execute(
            "select (select count(*) from dispatch) as dispatches, (select count(*) from delivery) as rows,"
            " (select count(*) from procrastinate_jobs where task_name = 'run_deliveries') as jobs,"
            " (select count(*) from outbox where stage like 'ask:%') as asked"
        ).fetchone()
    assert row == {"dispatches": 3, "rows": 9, "jobs": 3, "asked": 2}  # in the thread and to the owner
