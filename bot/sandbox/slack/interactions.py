"""What a person does, as the payload that Slack sends for it, and what comes of the app's answer."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.delivery import Answer
from bot.sandbox.slack.passes import Place, Screen
from bot.sandbox.slack.people import APP, CHANNELS, PEOPLE, TEAM, TEAM_DOMAIN, Channel, Person
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.responses import respond
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.typed import as_sent

Payload = dict[str, Any]
_NOT_A_COMMAND = (
    "`{0}` is not a valid command. In Slack, all messages that start with the “/” character are interpreted "
    "as commands. If you are trying to send a message and not run a command, try preceding the “/” with "
    "an empty space."
)


def only_to(sandbox: Sandbox, channel: str, user: str, text: str) -> str:
    """Slackbot's words that only one person sees; gives them back."""
    message = {"user": "USLACKBOT", "text": text, "ephemeral_to": user}
    sandbox.workspace.post(channel, message)
    return text


def _common(person: Person) -> Payload:
    return {
        "token": "sandbox-verification-token",
        "api_app_id": APP,
        "enterprise": None,
        "is_enterprise_install": False,
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM},
    }


async def slash(sandbox: Sandbox, person: Person, channel: Channel, typed: str, tab: str = "") -> str | None:
    """Send a slash command; what it opens shows in `tab`.

    Returns:
        What Slack itself says to the person when it went wrong, or None.
    """
    name, _, text = typed.partition(" ")
    typed_line = {"user": person.id, "text": typed, "subtype": "slash_command", "ephemeral_to": person.id}
    sandbox.workspace.post(channel.id, typed_line)
    command = sandbox.manifest.commands.get(name)
    if command is None:
        return only_to(sandbox, channel.id, person.id, _NOT_A_COMMAND.format(name))
    sent = as_sent(text.strip(), label=True) if command.should_escape else text.strip()
    place = Place(channel.id, person.id)
    answer = await sandbox.delivery.send("slash_commands", _command(sandbox, place, name, sent, tab))
    problem: str | None = answer.problem
    if problem is None and answer.payload:
        try:
            respond(sandbox, place, answer.payload)
        except RefusedError as refusal:
            problem = refusal.code
    if problem:
        return only_to(sandbox, channel.id, person.id, f'{name} failed with the error "{problem}"')
    return None


def _command(sandbox: Sandbox, place: Place, name: str, text: str, tab: str) -> Payload:
    person = PEOPLE[place.user]
    channel_name = _channel_name(place.channel)
    return {
        "token": "sandbox-verification-token",
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": place.channel,
        "channel_name": channel_name,
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": sandbox.response_url(place),
        "trigger_id": sandbox.triggers.issue(Screen(person.id, tab)),
    }


def _channel_name(channel: str) -> str:
    return CHANNELS[channel].name or "directmessage"


async def click(
    sandbox: Sandbox, person: Person, channel: Channel, ts: str, action: Payload, *, tab: str = ""
) -> Answer:
    """Press a button (or use another element) of a message.

    Args:
        sandbox: the workspace.
        person: who presses.
        channel: where the message is.
        ts: which message.
        action: the element as `actions[0]` of the payload, `block_id` included.
        tab: where what it opens shows.

    Returns:
        How the app took it; what it acknowledges with means nothing to Slack here.
    """
    message = sandbox.workspace.get(channel.id, ts) or {}
    ephemeral = "ephemeral_to" in message
    place = Place(channel.id, person.id, ts)
    payload = {
        "type": "block_actions",
        **_common(person),
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel.id, "name": _channel_name(channel.id)},
        "trigger_id": sandbox.triggers.issue(Screen(person.id, tab)),
        "response_url": sandbox.response_url(place),
        "state": {"values": {}},
        "actions": [{**action, "action_ts": sandbox.workspace.next_ts()}],
    }
    if not ephemeral:  # Slack does not keep ephemeral messages, and so does not send them either
        payload["message"] = message
    return await sandbox.delivery.send("interactive", payload)


async def click_in_view(
    sandbox: Sandbox, person: Person, view: Payload, action: Payload, tab: str = ""
) -> Answer:
    """Use an element of a modal or of the Home tab."""
    payload = {
        "type": "block_actions",
        **_common(person),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "trigger_id": sandbox.triggers.issue(Screen(person.id, tab)),
        "actions": [{**action, "action_ts": sandbox.workspace.next_ts()}],
    }
    return await sandbox.delivery.send("interactive", payload)


async def view_event(sandbox: Sandbox, person: Person, kind: str, view: Payload, tab: str = "") -> Answer:
    """Submit (`view_submission`) or close (`view_closed`) a modal."""
    payload = {"type": kind, **_common(person), "view": view}
    if kind == "view_submission":
        payload |= {"trigger_id": sandbox.triggers.issue(Screen(person.id, tab)), "response_urls": []}
    else:
        payload["is_cleared"] = False
    return await sandbox.delivery.send("interactive", payload)


def home_opened(sandbox: Sandbox, person: Person) -> None:
    """Tell the app that somebody looks at its Home tab, where the manifest asks for it."""
    if "app_home_opened" not in sandbox.manifest.events:
        return
    now = sandbox.workspace.next_ts()
    event: Payload = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": f"D{person.id[1:]}",
        "tab": "home",
        "event_ts": now,
    }
    view = sandbox.workspace.homes.get(person.id)
    if view:
        event["view"] = view
    sandbox.delivery.send_event(
        {
            "token": "sandbox-verification-token",
            "team_id": TEAM,
            "api_app_id": APP,
            "type": "event_callback",
            "event_id": f"Ev{now.replace('.', '')}",
            "event_time": int(sandbox.options.clock()),
            "event": event,
            "authorizations": [{"team_id": TEAM, "user_id": "U0BOT", "is_bot": True}],
        }
    )
