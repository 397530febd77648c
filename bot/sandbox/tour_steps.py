"""The steps of the first run: what each offers, types and does, and how its outcome is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.slack.people import Person
from bot.sandbox.slack.workspace import Message

_VERDICTS = ("*PASS: restore test", "*FAIL: restore test", "*COULD NOT VERIFY: restore test")
Sign = Callable[[Message, Person], bool]


@dataclass(frozen=True)
class Step:
    """One thing to try. `ended(message, person)` tells whether the bot's message is its outcome.

    `before` does something to the sandbox's own archives, in the folder that it is given. `needs_another`
    knows the message at which somebody else has to act; `afterwards` is said together with the next offer.
    """

    action: str
    title: str
    label: str
    command: str
    about: str
    ended: Sign
    before: Callable[[Path], None] | None = None
    needs_another: Sign | None = None
    afterwards: str = ""


def _begins(*words: str) -> Sign:
    return lambda message, _person: str(message.get("text", "")).startswith(words)


def _alerted(message: Message, _person: Person) -> bool:
    # Whichever of the two saw it first.
    return any(rule in str(message.get("text", "")) for rule in ("(check-failed)", "(witness)"))


def _answered(message: Message, person: Person) -> bool:
    return bool(message.get("ephemeral_to") == person.id)


def lose_newest(archives: Path) -> None:
    """Take the newest archive of the sample away, as a lifecycle rule or a colleague might."""
    found = sorted(archives.glob("**/cruzonic/**/*.dump"), key=lambda path: path.stat().st_mtime)
    for path in found[-1:]:
        path.rename(path.with_suffix(".taken-away"))


STEPS = (
    Step(
        "tour_backup",
        "Take a backup",
        "Back up",
        "/backup now full cruzonic",
        "One message follows it from the request to its verdict.",
        _begins("*Stored: full backup of `cruzonic`"),
    ),
    Step(
        "tour_prove",
        "Prove it",
        "Prove it",
        "/restore-test latest cruzonic",
        "It is restored on the staging server, and what comes back is compared with what went in.",
        _begins(*_VERDICTS),
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
        "Fill the form in, and submit the draft for approval. Nobody approves their own, so somebody else "
        "has to: you act as them.",
        _begins("*Approved, not sent yet:"),
        needs_another=_begins("*Approval needed:"),
        afterwards="*Approved.* The notice waits for your last yes: press *Send to 1 recipient* in its "
        "message, and the customers read it in #customers.",
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
