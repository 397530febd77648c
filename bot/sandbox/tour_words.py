"""What the first run says: the welcome, each next offer, who has to act now, and where to go at the end."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.methods_chat import from_bot
from bot.sandbox.slack.people import PEOPLE, Person
from bot.sandbox.slack.workspace import Message
from bot.sandbox.tour_steps import STEPS

MARK = {"event_type": "sandbox_tour", "event_payload": {}}
Block = dict[str, Any]
# What the welcome offers; the rest comes one after the other.
_FIRST = 4
_END = (
    "*That is all.* You took a backup, proved it, lost one and heard of it, and had a second person say yes."
)
_NOW = (
    "*What now?*\n"
    "• *Your own database:* copy `examples/cruzonic.toml` to `sparewheel.toml`, name your database, its "
    "tables and your storage there, and set the variables that it names.\n"
    "• *See whether all is well:* `SPAREWHEEL_CONFIG=sparewheel.toml .venv/bin/sparewheel doctor` says PASS "
    "or FAIL to everything that a backup and a restore test need.\n"
    "• *Your own Slack:* the README, *Connecting a real Slack*, has the five steps."
)
_MORE = (
    "Here there is more to see: the *Home tab*, `/backup report`, `/backup schedule` and `/alerts`. Take a "
    "backup again, and the alert about the lost one is over."
)


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
        _small(more),
    ]
    return from_bot({"text": "Welcome to Sparewheel", "blocks": blocks, "metadata": MARK})


def next_message(number: int) -> Message:
    """What is offered after step `number - 1`; after the last one, where to go on."""
    if number == len(STEPS):
        return _said(_END, [_section(_END), _section(_NOW), _small(_MORE)])
    done = STEPS[number - 1].afterwards
    blocks = [_section(done)] if done else []
    return _said(f"Next: {STEPS[number].title}", [*blocks, _offer(number, "Next: ")])


def second_person_message(person: Person, base_url: str) -> Message:
    """Who has to act now, and how to be them, for whoever may not do it."""
    other = next(one for one in PEOPLE.values() if one.role == "approver" and one.id != person.id)
    first = other.real_name.split()[0]
    words = (
        f"*Now act as {other.real_name} ({other.role}):* press *Approve* in the request above, as {first}.\n"
        f"<{base_url}/?as={other.name}|Open a second tab as {first}>, or choose the name at *Act as*, "
        "at the top."
    )
    return _said(f"Now act as {other.real_name}", [_section(words)])


def _said(text: str, blocks: list[Block]) -> Message:
    return {"text": text, "blocks": blocks, "metadata": MARK}


def _small(words: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}


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
