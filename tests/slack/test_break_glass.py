"""Going ahead alone in Slack: two forms, an administrator, and everybody who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.app import House
from bot.core.approvals import Approval, ApprovalState
from bot.core.people import Actor, Role, Source
from bot.errors import SlackError
from bot.ledger.connection import borrowed
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.slack.buttons import BREAK_GLASS
from bot.slack.deliver import Deliverer
from tests.slack.conftest import wait_for
from tests.slack.test_approvals import ASK, Waiting, request_in
from tests.support.house import Plan, folder_storage, open_house

pytestmark = pytest.mark.usefixtures("socket")
ADA = Actor("T0SANDBOX", "U0ADA", Source.SLACK, frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def approvers() -> tuple[str, ...]:
    return ("U0APRIL", "U0ANDRE")


@pytest.fixture
def house(slack: SlackServer, ledger_url: str, tmp_path: Path, approvers: tuple[str, ...]) -> Iterator[House]:
    """A house with an administrator who may go ahead alone."""
    plan = Plan(
        {"fleetnest": "postgresql://postgres@127.0.0.1:1/none"},
        {},
        folder_storage(tmp_path / "archives"),
        {
            "SLACK_BOT_TOKEN": slack.credentials.bot_token,
            "SLACK_SIGNING_SECRET": slack.credentials.signing_secret,
            "SLACK_API_URL": slack.api_url,
        },
    )
    with open_house(plan, ledger_url, tmp_path) as built:
        update = {
            "approvals": built.configuration.approvals.model_copy(update={"break_glass": True}),
            "roles": {**built.configuration.roles, Role.ADMINISTRATOR: ("U0ADA",), Role.APPROVER: approvers},
        }
        built.__dict__["configuration"] = built.configuration.model_copy(update=update)
        yield built


@pytest.fixture
def deliver(deliverer: Deliverer, waiting: Waiting) -> Callable[[], None]:
    def all_of_it() -> None:
        for message in waiting():
            deliverer.deliver(message.id)

    return all_of_it


def go_alone(house: House) -> Approval:
    with borrowed(house.pool) as connection:
        approval = house.approvals.open(connection, ASK)
    reason = "Customers cannot log in, and nobody answers."
    return house.break_glass.go(
        ADA, approval.id, approval.content_hash, reason, confirmed=approval.id
    ).approval


def direct(people: SandboxClient, web: WebClient, user: str) -> list[str]:
    """What somebody was written to alone."""
    channel = web.conversations_open(users=user)["channel"]["id"]
    return [one["text"] for one in people.messages(channel)]


def test_going_ahead_alone_takes_two_forms_and_everybody_hears_of_it(
    house: House, people: SandboxClient, deliver: Callable[[], None]
) -> None:
    with borrowed(house.pool) as connection:
        approval = house.approvals.open(connection, ASK)
    deliver()
    ts = request_in(people)["ts"]
    reason = "Nobody answers, <!channel>"

    def open_it(name: str) -> None:
        assert people.click(name, BREAK_GLASS, ts=ts, confirmed=True)["problem"] is None
        wait_for(lambda: people.view(name))

    open_it("omar")
    assert "administrator" in people.submit("omar", {"reason": reason})["errors"]["reason"]
    open_it("ada")
    assert "needs a reason" in people.submit("ada", {"reason": "hurry"})["errors"]["reason"]
    assert not people.submit("ada", {"reason": reason}).get("errors")
    assert house.approvals.message(approval.id).approval.state is ApprovalState.PENDING
    wrong = people.submit("ada", {"reason": reason, "confirmed": "yes"})["errors"]["confirmed"]
    assert "Nothing was done" in wrong
    assert not people.submit("ada", {"reason": reason, "confirmed": approval.id}).get("errors")
    done = house.approvals.message(approval.id).approval
    assert (done.state, done.broke_glass, done.given) == (ApprovalState.APPROVED, True, 0)
    deliver()
    told = request_in(people)
    assert told["text"].startswith("*Went ahead without approval: Send a notice*")
    assert not [block for block in told["blocks"] if block["type"] == "actions"]
    assert not any("<!channel>" in str(one) for one in people.messages())


@pytest.mark.parametrize("approvers", [("S0APPROVERS", "U0ADA")])
def test_the_people_of_a_user_group_hear_of_it_one_by_one(
    house: House, people: SandboxClient, web: WebClient, deliver: Callable[[], None]
) -> None:
    go_alone(house)
    deliver()
    deliver()  # what the group turned into
    for user in ("U0APRIL", "U0ANDRE"):
        (told,) = [text for text in direct(people, web, user) if "went ahead without approval" in text]
        assert "nobody answers" in told
    assert not any("may not know" in one["text"] for one in people.messages())


@pytest.mark.parametrize("approvers", [("S0GONE",)])
def test_a_group_that_slack_does_not_know_is_spoken_of_in_the_channel(
    house: House, people: SandboxClient, deliver: Callable[[], None], waiting: Waiting
) -> None:
    go_alone(house)
    deliver()
    deliver()
    (said,) = [one["text"] for one in people.messages() if "may not know" in one["text"]]
    assert "<!subteam^S0GONE>" in said
    assert waiting() == []


@pytest.mark.parametrize("approvers", [("S0APPROVERS",)])
def test_a_group_that_cannot_be_read_now_is_spoken_of_at_once_and_asked_for_again(
    house: House, people: SandboxClient, web: WebClient, deliverer: Deliverer, waiting: Waiting
) -> None:
    go_alone(house)
    people.fault("500", methods=("usergroups.users.list",))
    for _ in range(2):
        for message in waiting():
            try:
                deliverer.deliver(message.id)
            except SlackError:
                assert message.topic == "approval-glass-group"
    assert len([one for one in people.messages() if "may not know" in one["text"]]) == 1
    people.clear_faults()
    for _ in range(2):
        for message in waiting():
            deliverer.deliver(message.id)
    assert any("went ahead without approval" in text for text in direct(people, web, "U0APRIL"))
    assert waiting() == []
