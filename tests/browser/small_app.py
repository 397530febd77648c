"""A small Slack app with what the product does not have yet: a modal that refuses, and a Home tab."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

Block = dict[str, Any]


def text(words: str) -> Block:
    return {"type": "plain_text", "text": words}


def option(value: str) -> Block:
    return {"text": text(value.capitalize()), "value": value}


def field(block_id: str, label: str, element: Block) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": text(label),
        "element": {"action_id": block_id, **element},
        "optional": block_id != "reason",
    }


CHOICES = [option("full"), option("critical")]
MODAL: Block = {
    "type": "modal",
    "callback_id": "asking",
    "title": text("Ask for a restore"),
    "submit": text("Ask"),
    "close": text("Leave"),
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Production* is overwritten."}},
        field("reason", "Reason", {"type": "plain_text_input", "multiline": True}),
        field("day", "Day", {"type": "datepicker", "initial_date": "2026-11-22"}),
        field("hour", "Hour", {"type": "timepicker"}),
        field("moment", "Moment", {"type": "datetimepicker"}),
        field("kind", "Kind", {"type": "static_select", "options": CHOICES, "initial_option": CHOICES[0]}),
        field("parts", "Parts", {"type": "multi_static_select", "options": CHOICES}),
        field("who", "Approver", {"type": "users_select"}),
        field("where", "Where", {"type": "channels_select"}),
        field("sure", "Sure", {"type": "checkboxes", "options": [option("yes")]}),
        field("way", "Way", {"type": "radio_buttons", "options": CHOICES}),
        field("count", "Count", {"type": "number_input", "is_decimal_allowed": False}),
    ],
}
HOME: Block = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": text("How things stand")},
        {
            "type": "actions",
            "elements": [{"type": "button", "text": text("Refresh"), "action_id": "refresh"}],
        },
    ],
}


def listen(app: App) -> App:
    """Every `/backup …` opens the modal; a reason of one word is refused."""
    received: list[dict[str, Any]] = []
    app.received = received  # type: ignore[attr-defined]  # for the tests to look at

    @app.command("/backup")
    def opened(ack: Any, body: Any, client: Any) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("asking")
    def submitted(ack: Any, view: Any, client: Any, body: Any) -> None:
        received.append(view["state"]["values"])
        reason = view["state"]["values"]["reason"]["reason"]["value"]
        if " " not in reason:
            ack(response_action="errors", errors={"reason": "Say it in a sentence."})
            return
        ack()
        client.chat_postMessage(channel="C0OPS", text=f"<@{body['user']['id']}> asked: {reason}")

    @app.event("app_home_opened")
    def home(event: Any, client: Any) -> None:
        client.views_publish(user_id=event["user"], view=HOME)

    @app.action("refresh")
    def refresh(ack: Any, body: Any, client: Any) -> None:
        ack()
        fresh = {"type": "section", "text": {"type": "mrkdwn", "text": "Refreshed."}}
        client.views_publish(user_id=body["user"]["id"], view={**HOME, "blocks": [*HOME["blocks"], fresh]})

    return app
