"""A first run that teaches: a welcome with the first things to try, and after each the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.slack import interactions
from bot.sandbox.slack.methods_chat import from_bot
from bot.sandbox.slack.people import BOT_USER, CHANNELS, Channel, Person
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.workspace import Entry, Message

CHANNEL = CHANNELS["C0OPS"]
_MARK = {"event_type": "sandbox_tour", "event_payload": {}}
_VERDICTS = ("*PASS: restore test", "*FAIL: restore test", "*COULD NOT VERIFY: restore test")
Block = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One thing to try. `ended(message, person)` tells whether the bot's message is its outcome.

    `before` does something to the sandbox's own archives, in the folder that it is given.
    """

    action: str
    title: str
    label: str
    command: str
    about: str
    ended: Callable[[Message, Person], bool]
    before: Callable[[Path], None] | None = None


def _stored(message: Message, person: Person) -> bool:
    del person
    return str(message.get("text", "")).startswith("*Stored: full backup of `cruzonic`")


def _proved(message: Message, person: Person) -> bool:
    del person
    return str(message.get("text", "")).startswith(_VERDICTS)


def _alerted(message: Message, person: Person) -> bool:
    del person
    # Whichever of the two saw it first.
    return any(rule in str(message.get("text", "")) for rule in ("(check-failed)", "(witness)"))


def _approved(message: Message, person: Person) -> bool:
    del person
    return str(message.get("text", "")).startswith("*Approved, not sent yet:")


def lose_newest(archives: Path) -> None:
    """Take the newest archive of the sample away, as a lifecycle rule or a colleague might."""
    found = sorted(archives.glob("**/cruzonic/**/*.dump"), key=lambda path: path.stat().st_mtime)
    for path in found[-1:]:
        path.rename(path.with_suffix(".taken-away"))


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
        "tour_prove",
        "Prove it",
        "Prove it",
        "/restore-test latest cruzonic",
        "It is restored on the staging server, and what comes back is compared with what went in.",
        _proved,
    ),
    Step(
        "tour_break",
        "Break something, and watch the alert",
        "Break it",
        "/backup check latest cruzonic",
        "Takes the newest archive out of the storage first. The check notices, and #database-alerts hears "
        "of it within half a minute.",
        _alerted,
        lose_newest,
    ),
    Step(
        "tour_approve",
        "Have a second person approve",
        "Write a notice",
        "/notice maintenance cruzonic",
        "Fill the form in and submit the draft. Then act as April in a second tab, and approve it: nobody "
        "approves their own.",
        _approved,
    ),
    Step(
        "tour_status",
        "See how things stand",
        "Status",
        "/backup status",
        "What is fresh, what is late and what runs, for both databases. Only you see the answer.",
        _answered,
    ),
)
# What the welcome offers; the rest comes one after the other.
_FIRST = 4


class Tour:
    """Posts the welcome, does what its buttons say, and offers the next step when one has ended."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: list[tuple[int, Person, Channel]] = []
        for number, step in enumerate(STEPS):
            sandbox.own_buttons[step.action] = self._presser(number)
        sandbox.workspace.subscribers.append(self._look)

    def welcome(self) -> None:
        """Post the welcome into a channel where nothing has been said yet."""
        if not list(self._sandbox.workspace.all(CHANNEL.id)):
            self._sandbox.workspace.post(CHANNEL.id, welcome_message())

    def _presser(self, number: int) -> Callable[[Person, Channel], Awaitable[None]]:
        async def press(person: Person, channel: Channel) -> None:
            step, archives = STEPS[number], self._sandbox.options.archives
            if step.before and archives:
                step.before(archives)
            self._waiting.append((number, person, channel))
            await interactions.slash(self._sandbox, person, channel, step.command)

        return press

    def _look(self, entry: Entry) -> None:
        """When the bot says how a step went, offer the next one to whoever took it."""
        if entry["op"] not in ("message", "change") or not self._waiting:
            return
        ts = entry["ts"] if entry["op"] == "change" else entry["message"]["ts"]
        message = self._sandbox.workspace.get(entry["channel"], ts)
        if message is None or message.get("user") != BOT_USER or message.get("metadata") == _MARK:
            return
        for waiting in [one for one in self._waiting if STEPS[one[0]].ended(message, one[1])]:
            number, person, channel = waiting
            self._waiting.remove(waiting)
            offer = from_bot(next_message(number + 1))
            self._sandbox.workspace.post(channel.id, {**offer, "ephemeral_to": person.id})


def welcome_message() -> Message:
    """What the bot says first, in a workspace where nothing has been said."""
    lead = (
        "This bot takes a team's PostgreSQL backups and proves them. Here it works on two sample databases, "
        "`cruzonic` and `fleetnest`. Nothing here can break anything: press a button, or type its command."
    )
    more = (
        "*Act as*, at the top, says who you are. Omar and Olga are operators and take backups; April and "
        "Andre are approvers; Ada administrates; Vera may only look; Carl is a customer and has no role. "
        "Try the same as each of them, two of them side by side in two tabs."
    )
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Welcome to Sparewheel"}},
        _section(lead),
        *(_offer(number, f"{number + 1}. ") for number in range(_FIRST)),
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
        "That is the round. Take a backup again and the alert is over; look at the *Home tab* of the bot, at "
        "`/alerts` and `/backup schedule`; or let a colleague stop a backup with its button."
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
