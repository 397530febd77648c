"""Forms, the Home tab, direct messages and pictures: real Bolt on the sandbox Slack, doors of the test's own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.app import House
from bot.core.people import Actor, Role
from bot.core.reply import Attachment, FormReply, Reply, Request, Showing, Submission
from bot.errors import NotFoundError, SlackError
from bot.ledger import outbox
from bot.ledger.connection import borrowed
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.server import SlackServer
from bot.services.views import Refusal
from bot.slack.blocks import Rendered, actions, button, section
from bot.slack.buttons import DETAILS
from bot.slack.client import patient_client
from bot.slack.deliver import Deliverer
from bot.slack.doors import Doors
from bot.slack.edge import Edge, open_edge
from bot.slack.forms import Modal, render_form
from bot.slack.forms import base as inputs
from bot.slack.socket import SocketMode
from bot.slack.views import Surroundings, render
from tests.slack.conftest import wait_for
from tests.slack.test_edge import answers
from tests.support.png import png


@dataclass(frozen=True)
class Question:
    """A form of the test."""

    words: str = "Why?"


@dataclass(frozen=True)
class Said:
    """A view of the test."""

    text: str


@render_form.register
def _(form: Question) -> Modal:
    choices = [inputs.Choice("full", "Everything"), inputs.Choice("critical", "The critical tables")]
    blocks = [
        inputs.field("day", "Day", inputs.day()),
        inputs.field("kind", "Kind", inputs.select(choices, "full")),
        inputs.field("parts", "Parts", inputs.several(choices), optional=True),
        inputs.field("sure", "Sure", inputs.ticks(choices), optional=True),
        inputs.field("reason", form.words, inputs.entry(lines=True)),
    ]
    return Modal("question", "A question", "Send", blocks, private="carried")


@render.register
def _(view: Said, around: Surroundings) -> Rendered:
    del around
    return Rendered(view.text, [section(view.text), actions([button("More", DETAILS, "a1b2c3d4")])])


@dataclass
class Asked:
    """What the doors were asked, and what they shall answer."""

    requests: list[Request] = field(default_factory=list)
    sent: list[Submission] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    answer: Callable[[Submission], FormReply] = lambda sent: FormReply(
        view=Said(f"Taken: {sent.text('reason')}")
    )

    def command(self, request: Request, actor: Actor) -> Reply:
        assert actor.roles
        self.requests.append(request)
        return Reply(form=Question()) if not request.text else Reply(Said(f"You said {request.text}"))

    def form(self, sent: Submission, actor: Actor) -> FormReply:
        assert Role.OPERATOR in actor.roles
        self.sent.append(sent)
        return self.answer(sent)

    def home(self, actor: Actor) -> object:
        if Role.VIEWER in actor.roles:
            raise NotFoundError("There is nothing for viewers.")
        return Said(f"Home of {actor.user}, {len(self.requests)} asked")


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def small_edge(house: House, asked: Asked) -> Edge:
    doors = Doors(
        commands={"/backup": asked.command},
        refuse_stranger=lambda actor, text: asked.strangers.append(f"{actor.user} {text}"),
        forms={"question": asked.form},
        home=asked.home,
    )
    return open_edge(house.environment, house.configuration, house.pool, doors)


@pytest.fixture
def line(slack: SlackServer, small_edge: Edge, people: SandboxClient) -> Iterator[SocketMode]:
    connection = SocketMode(small_edge.app, slack.credentials.app_token, slack.api_url)
    connection.connect()
    wait_for(lambda: people.connections() > 0)
    yield connection
    connection.close()


VALUES = {
    "day": "2026-12-01",
    "kind": "critical",
    "parts": ["full"],
    "sure": ["critical"],
    "reason": " Because. ",
}


def open_question(people: SandboxClient, name: str = "omar") -> None:
    assert people.say(name, "/backup") is None
    wait_for(lambda: people.view(name))


@pytest.mark.usefixtures("line")
def test_a_form_opens_is_refused_with_errors_and_then_taken(people: SandboxClient, asked: Asked) -> None:
    open_question(people)
    asked.answer = lambda _: FormReply(errors={"reason": "Say more."})
    assert people.submit("omar", VALUES)["errors"] == {"reason": "Say more."}
    asked.answer = Asked.answer
    assert not people.submit("omar", VALUES).get("errors")
    wait_for(lambda: answers(people, "omar"))
    assert answers(people, "omar")[-1]["text"] == "Taken: Because."
    assert people.view("omar") is None
    first, second = asked.sent
    assert first.view_id == second.view_id, "one open form is one key"
    assert first.key != second.key
    assert (second.channel, second.private, second.user) == ("C0OPS", "carried", "U0OMAR")
    assert (second.text("day"), second.text("kind")) == ("2026-12-01", "critical")
    assert (second.chosen("parts"), second.chosen("sure")) == (("full",), ("critical",))


@pytest.mark.usefixtures("line")
def test_a_form_can_turn_into_the_next_one(people: SandboxClient, asked: Asked) -> None:
    open_question(people)
    asked.answer = lambda _: FormReply(next=Question("And how?"))
    people.submit("omar", VALUES)
    view = people.view("omar")
    assert view is not None
    assert view["blocks"][-1]["label"]["text"] == "And how?"
    assert view["private_metadata"] != ""


@pytest.mark.usefixtures("line")
def test_an_error_of_ours_stands_inside_the_form_and_nothing_entered_is_lost(
    people: SandboxClient, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Submission) -> FormReply:
        raise NotFoundError("No such window.", next_step="Name another.")

    def break_down(_: Submission) -> FormReply:
        raise RuntimeError("password=hunter2")

    def misname(_: Submission) -> FormReply:
        return FormReply(errors={"elsewhere": "One.", "": "Two."})

    open_question(people)
    asked.answer = refuse
    assert people.submit("omar", VALUES)["errors"] == {"reason": "No such window. Name another."}
    asked.answer = misname
    assert people.submit("omar", VALUES)["errors"] == {"reason": "One. Two."}
    asked.answer = break_down
    with caplog.at_level(logging.ERROR):
        told = people.submit("omar", VALUES)["errors"]["reason"]
    assert "Something unforeseen happened here (RuntimeError)" in told
    assert "hunter2" not in told + caplog.text
    assert people.view("omar") is not None


@pytest.mark.usefixtures("line")
def test_somebody_without_a_role_cannot_send_a_form_off(people: SandboxClient, asked: Asked) -> None:
    assert people.say("carl", "/backup") is None
    wait_for(lambda: answers(people, "carl"))
    assert "no role here" in answers(people, "carl")[-1]["text"]
    assert people.view("carl") is None
    assert asked.strangers == ["U0CARL /backup"]


def submission_of(user: str) -> dict[str, Any]:
    """What Slack sends when somebody sends the form off."""
    return {
        "type": "view_submission",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": user, "team_id": "T0SANDBOX"},
        "trigger_id": "1.2.form",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "question",
            "private_metadata": '{"channel": "C0OPS", "private": ""}',
            "blocks": [{"type": "input", "block_id": "reason"}],
            "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "Because."}}}},
        },
    }


def test_a_submission_delivered_twice_is_answered_the_same_and_shown_once(
    small_edge: Edge, asked: Asked, people: SandboxClient
) -> None:
    body = submission_of("U0OMAR")
    told = [small_edge.app.dispatch(BoltRequest(mode="socket_mode", body=body)).body for _ in range(3)]
    small_edge.app.listener_runner.listener_executor.shutdown(wait=True)
    assert told == ['{"response_action": "clear"}'] * 3
    assert [one.view_id for one in asked.sent] == ["V1"] * 3
    assert len(answers(people, "omar")) == 1


def test_whoever_lost_their_role_meanwhile_cannot_send_a_form_off(small_edge: Edge, asked: Asked) -> None:
    told = small_edge.app.dispatch(BoltRequest(mode="socket_mode", body=submission_of("U0CARL"))).body
    assert "You have no role here yet" in json.loads(told)["errors"]["reason"]
    assert asked.sent == []
    assert asked.strangers == ["U0CARL form question"]


@pytest.mark.usefixtures("line")
def test_a_form_that_slack_no_longer_opens_is_said(people: SandboxClient) -> None:
    people.fault("refused", methods=("views.open",), code="expired_trigger_id", times=1)
    assert people.say("omar", "/backup") is None
    wait_for(lambda: answers(people, "omar"))
    assert "took too long" in answers(people, "omar")[-1]["text"]


@pytest.mark.usefixtures("line")
def test_each_persons_home_tab_is_published_and_drawn_anew_after_a_button(
    people: SandboxClient, asked: Asked
) -> None:
    people.home("omar", open_it=True)
    wait_for(lambda: "Home of U0OMAR, 0 asked" in people.read_home("omar"))
    # There is no channel to answer in: the answer comes as a modal.
    assert people.click("omar", DETAILS)["problem"] is None
    wait_for(lambda: people.view("omar"))
    assert "You said show a1b2c3d4" in str(people.view("omar"))
    wait_for(lambda: "Home of U0OMAR, 1 asked" in people.read_home("omar"))
    assert asked.requests[0].command == "/backup"
    people.home("vera", open_it=True)
    wait_for(lambda: "nothing for viewers" in people.read_home("vera"))
    assert people.home("olga") is None


def posting(house: House, slack: SlackServer, showing: Showing | None) -> Deliverer:
    client = patient_client(slack.credentials.bot_token, slack.api_url)
    return Deliverer(client, house.pool, {"report": lambda *_: showing}, Surroundings(), "C0OPS")


def add(house: House, stage: str, channel: str) -> str:
    with borrowed(house.pool) as connection:
        return outbox.add(
            connection, topic="report", subject="r1", stage=stage, team="T0SANDBOX", channel=channel
        )


def test_a_direct_message_is_found_again_when_its_answer_was_lost(
    house: House, slack: SlackServer, people: SandboxClient
) -> None:
    message = add(house, "opened", "U0APRIL")
    deliverer = posting(house, slack, Showing(Said("Please look.")))
    people.fault("drop-after", methods=("chat.postMessage",), times=1)
    with pytest.raises(SlackError):
        deliverer.deliver(message)
    deliverer.deliver(message)
    assert [one["text"] for one in people.messages("D0APRIL")] == ["Please look."]


def test_a_picture_comes_into_the_thread(house: House, slack: SlackServer, people: SandboxClient) -> None:
    picture = Attachment("ages.png", "Ages", png(2, 2), "A picture of two by two")
    posting(house, slack, Showing(Said("Good morning."), attach=picture)).deliver(
        add(house, "opened", "C0OPS")
    )
    message, thread = people.messages()
    assert thread["thread_ts"] == message["ts"]
    (file,) = thread["files"]
    assert (file["name"], file["size"]) == ("ages.png", len(png(2, 2)))
    kept = next((slack.sandbox.folder / "files").iterdir()).read_bytes()
    assert kept == png(2, 2), "bytes, not their text"


def test_what_is_not_to_be_shown_any_more_is_done_with(
    house: House, slack: SlackServer, people: SandboxClient
) -> None:
    message = add(house, "opened", "C0OPS")
    posting(house, slack, None).deliver(message)
    with borrowed(house.pool) as connection:
        assert outbox.waiting(connection) == []
    assert people.messages() == []


def test_a_refusal_is_a_view_too() -> None:
    assert render(Refusal(NotFoundError("No.")), Surroundings()).text.startswith("No.")
