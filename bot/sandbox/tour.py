"""A first run that teaches: a welcome with the first things to try, and after each the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack import interactions
from bot.sandbox.slack.methods_chat import from_bot
from bot.sandbox.slack.people import BOT_USER, CHANNELS, Channel, Person
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.workspace import Entry, Message

CHANNEL = CHANNELS["C0OPS"]
_MARK = {"event_type": "sandbox_tour", "event_payload": {}}
Block = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One thing to try. `ended(message, person)` tells whether the bot's message is its outcome."""

    action: str
    title: str
    label: str
    command: str
    about: str
    ended: Callable[[Message, Person], bool]


def _stored(message: Message, person: Person) -> bool:
    del person
    return str(message.get("text", "")).startswith("*Stored: full backup of `cruzonic`")


def _checked(message: Message, person: Person) -> bool:
    del person
    return str(message.get("text", "")).startswith(("*Checked", "*Check failed", "*Could not verify"))


def _answered(message: Message, person: Person) -> bool:
    return bool(message.get("ephemeral_to") == person.id)


STEPS = (
    Step(
        "tour_backup",
        "Take a backup",
        "Back up",
        "/backup now full cruzonic",
        "One message follows it from the request to its verdict.",
        _stored,
    ),
    Step(
        "tour_check",
        "Check that it can be read",
        "Check it",
        "/backup check latest cruzonic",
        "Its bytes are fetched back from storage, hashed, and the archive is read through.",
        _checked,
    ),
    Step(
        "tour_status",
        "See how things stand",
        "Status",
        "/backup status",
        "What is fresh, what is late and what runs, for both databases. Only you see the answer.",
        _answered,
    ),
    Step(
        "tour_show",
        "Read everything about one",
        "Show it",
        "/backup show latest cruzonic",
        "Where it lies, which server wrote it, and every table with its rows.",
        _answered,
    ),
)


class Tour:
    """Posts the welcome, does what its buttons say, and offers the next step when one has ended."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: list[tuple[int, Person]] = []
        for number, step in enumerate(STEPS):
            sandbox.own_buttons[step.action] = self._presser(number)
        sandbox.workspace.subscribers.append(self._look)

    def welcome(self) -> None:
        """Post the welcome into a channel where nothing has been said yet."""
        if not list(self._sandbox.workspace.all(CHANNEL.id)):
            self._sandbox.workspace.post(CHANNEL.id, welcome_message())

    def _presser(self, number: int) -> Callable[[Person, Channel], Awaitable[None]]:
        async def press(person: Person, channel: Channel) -> None:
            self._waiting.append((number, person))
            await interactions.slash(self._sandbox, person, channel, STEPS[number].command)

        return press

    def _look(self, entry: Entry) -> None:
        """When the bot says how a step went, offer the next one to whoever took it."""
        if entry["op"] not in ("message", "change") or not self._waiting:
            return
        ts = entry["ts"] if entry["op"] == "change" else entry["message"]["ts"]
        message = self._sandbox.workspace.get(entry["channel"], ts)
        if message is None or message.get("user") != BOT_USER or message.get("metadata") == _MARK:
            return
        for number, person in [one for one in self._waiting if STEPS[one[0]].ended(message, one[1])]:
            self._waiting.remove((number, person))
            offer = from_bot(next_message(number + 1))
            self._sandbox.workspace.post(entry["channel"], {**offer, "ephemeral_to": person.id})


def welcome_message() -> Message:
    """What the bot says first, in a workspace where nothing has been said."""
    lead = (
        "This bot takes a team's PostgreSQL backups and checks them. Here it works on two sample databases, "
        "`cruzonic` and `fleetnest`. Nothing here can break anything: press a button, or type its command."
    )
    more = (
        "*Act as*, at the top, says who you are. Omar and Olga may take backups, Vera may only look, "
        "Carl has no role: try the same as each of them, two of them side by side in two tabs."
    )
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Welcome to Sparewheel"}},
        _section(lead),
        *(_offer(number, f"{number + 1}. ") for number in range(len(STEPS))),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": more}]},
    ]
    return from_bot({"text": "Welcome to Sparewheel", "blocks": blocks, "metadata": _MARK})


def next_message(number: int) -> Message:
    """What is offered after step `number - 1`; after the last one, where to go on."""
    if number < len(STEPS):
        return {
            "text": f"Next: {STEPS[number].title}",
            "blocks": [_offer(number, "Next: ")],
            "metadata": _MARK,
        }
    words = (
        "That is the round. Try `/backup now` once more and let a colleague stop it with its button, "
        "or read `/backup help`."
    )
    return {"text": words, "blocks": [_section(words)], "metadata": _MARK}


def _section(words: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def _offer(number: int, start: str) -> Block:
    step = STEPS[number]
    words = f"*{start}{step.title}*\n`{step.command}`\n{step.about}"
    button: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": step.label},
        "action_id": step.action,
    }
    if number == 0:
        button["style"] = "primary"
    return {**_section(words), "accessory": button}
