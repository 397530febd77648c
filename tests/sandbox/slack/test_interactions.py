from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import SandboxError
from bot.sandbox.slack.client import SandboxClient
from tests.sandbox.slack.conftest import FakeTime, wait_for

Connect = Callable[[], SocketModeHandler]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", "value": "b1", **more}


def buttons(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "block_id": "row", "elements": list(elements)}]


MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Form"),
    "submit": plain("Send"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why"),
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    ],
}
SECOND = {**MODAL, "title": plain("Second"), "blocks": [{"type": "divider"}]}


@pytest.fixture
def opened(app: App, connect: Connect, people: SandboxClient) -> list[str]:
    """`/backup` opens the modal; gives the trigger ids that were seen."""
    triggers: list[str] = []

    @app.command("/backup")
    def backup(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        triggers.append(body["trigger_id"])

    connect()
    people.say("omar", "/backup now")
    wait_for(lambda: triggers)
    return triggers


def code(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def test_a_button_says_who_pressed_what(
    app: App, connect: Connect, people: SandboxClient, web: WebClient
) -> None:
    seen: list[dict[str, Any]] = []

    @app.action("go")
    def go(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        respond(text="replaced", replace_original=True)
        seen.append(body)

    connect()
    ts = web.chat_postMessage(channel="C0OPS", text="x", blocks=buttons(button()))["ts"]
    assert people.click("april", "go", ts=ts)["problem"] is None
    wait_for(lambda: seen)
    assert seen[0]["user"]["id"] == "U0APRIL"
    assert seen[0]["actions"][0]["value"] == "b1"
    assert seen[0]["message"]["ts"] == ts
    assert people.messages()[-1]["text"] == "replaced"


def test_a_confirmation_is_asked_for_first(
    app: App, connect: Connect, people: SandboxClient, web: WebClient
) -> None:
    seen: list[str] = []

    @app.action("go")
    def go(ack: Any) -> None:
        ack()
        seen.append("go")

    connect()
    ask = {"title": plain("Sure?"), "text": plain("Really?")}
    ts = web.chat_postMessage(channel="C0OPS", text="x", blocks=buttons(button(confirm=ask)))["ts"]
    assert people.click("omar", "go", ts=ts)["confirm"]["title"]["text"] == "Sure?"
    assert seen == []
    people.click("omar", "go", ts=ts, confirmed=True)
    wait_for(lambda: seen)


def test_only_what_one_sees_can_be_pressed(people: SandboxClient, web: WebClient) -> None:
    ts = web.chat_postEphemeral(channel="C0OPS", user="U0OMAR", text="x", blocks=buttons(button()))[
        "message_ts"
    ]
    with pytest.raises(SandboxError, match="vera sees no message"):
        people.click("vera", "go", ts=ts)
    with pytest.raises(SandboxError, match="no 'stop' to press"):
        people.click("omar", "stop", ts=ts)


def test_a_trigger_opens_once(opened: list[str], web: WebClient, people: SandboxClient) -> None:
    view = people.view("omar")
    assert view is not None
    assert view["callback_id"] == "form"
    with pytest.raises(SlackApiError) as caught:
        web.views_open(trigger_id=opened[0], view=MODAL)
    assert code(caught) == "exchanged_trigger_id"
    with pytest.raises(SlackApiError) as caught:
        web.views_open(trigger_id="made.up", view=MODAL)
    assert code(caught) == "invalid_trigger_id"


def test_a_trigger_expires(
    app: App, connect: Connect, people: SandboxClient, web: WebClient, clock: FakeTime
) -> None:
    triggers: list[str] = []

    @app.command("/backup")
    def backup(ack: Any, body: dict[str, Any]) -> None:
        triggers.append(body["trigger_id"])
        ack()

    connect()
    people.say("omar", "/backup now")
    clock.now += 3.1
    with pytest.raises(SlackApiError) as caught:
        web.views_open(trigger_id=triggers[0], view=MODAL)
    assert code(caught) == "expired_trigger_id"


def test_a_submission_brings_values_and_closes(opened: list[str], app: App, people: SandboxClient) -> None:
    seen: list[Any] = []

    @app.view("form")
    def form(ack: Any, view: dict[str, Any]) -> None:
        seen.append(view["state"]["values"])
        ack()

    assert opened
    assert people.submit("omar", {})["errors"] == {"why": "Please complete this required field."}
    assert people.submit("omar", {"reason": "because"}) == {"ok": True}
    assert seen[0]["why"]["reason"]["value"] == "because"
    assert people.view("omar") is None


def test_response_actions(opened: list[str], app: App, people: SandboxClient) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"why": "not good enough"}},
        {"response_action": "errors", "errors": {"elsewhere": "no such block"}},
        {"response_action": "push", "view": {**MODAL, "title": plain("Pushed")}},
        {"response_action": "update", "view": {**MODAL, "title": plain("x" * 25)}},
        {"response_action": "update", "view": {**MODAL, "title": plain("Updated")}},
        {"response_action": "clear"},
    ]
    app.view("form")(lambda ack: ack(**answers.pop(0)))

    def send() -> dict[str, Any]:
        return people.submit("omar", {"reason": "because"})

    def title() -> str | None:
        view = people.view("omar")
        return str(view["title"]["text"]) if view else None

    assert opened
    assert send()["errors"] == {"why": "not good enough"}
    assert "trouble connecting" in send()["problem"]
    assert (send(), title()) == ({"ok": True}, "Pushed")
    assert "trouble connecting" in send()["problem"]
    assert (send(), title()) == ({"ok": True}, "Updated")
    assert (send(), title()) == ({"ok": True}, None)


def test_views_update_wants_the_right_hash(opened: list[str], people: SandboxClient, web: WebClient) -> None:
    view = people.view("omar")
    assert opened
    assert view is not None
    with pytest.raises(SlackApiError) as caught:
        web.views_update(view_id=view["id"], hash="old", view=SECOND)
    assert code(caught) == "hash_conflict"
    web.views_update(view_id=view["id"], hash=view["hash"], view=SECOND)
    with pytest.raises(SlackApiError) as caught:
        web.views_update(view_id="V0NONE", view=SECOND)
    assert code(caught) == "not_found"


def test_closing_is_told(opened: list[str], app: App, people: SandboxClient) -> None:
    closed: list[str] = []

    @app.view_closed("form")
    def gone(ack: Any, view: dict[str, Any]) -> None:
        ack()
        closed.append(view["id"])

    assert opened
    people.close("omar")
    wait_for(lambda: closed)
    with pytest.raises(SandboxError, match="no modal open"):
        people.close("omar")


def test_a_click_in_a_modal_pushes_another(
    app: App, people: SandboxClient, opened: list[str], web: WebClient
) -> None:
    assert opened
    view = people.view("omar")
    assert view is not None
    web.views_update(view_id=view["id"], view={**SECOND, "blocks": buttons(button())})
    done: list[bool] = []

    @app.action("go")
    def go(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=MODAL)
        done.append(True)

    people.click("omar", "go")
    wait_for(lambda: done)
    top = people.view("omar")
    assert top is not None
    assert top["previous_view_id"] == view["id"]


def test_the_home_tab(app: App, connect: Connect, people: SandboxClient) -> None:
    @app.event("app_home_opened")
    def visit(event: dict[str, Any], client: WebClient) -> None:
        blocks = [{"type": "section", "text": plain(f"Hello {event['user']}")}, *buttons(button())]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    connect()
    people.home("vera", open_it=True)
    wait_for(lambda: people.home("vera"))
    assert people.read_home("vera") == "Hello U0VERA\n[Go](go)"
    assert people.home("omar") is None
