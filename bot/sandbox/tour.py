"""A first run that teaches: a welcome with the first things to try, and after each the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.sandbox.slack import interactions
from bot.sandbox.slack.methods_chat import from_bot
from bot.sandbox.slack.people import BOT_USER, CHANNELS, Channel, Person
from bot.sandbox.slack.state import Sandbox
from bot.sandbox.slack.workspace import Entry, Message
from bot.sandbox.tour_steps import STEPS, Step
from bot.sandbox.tour_words import MARK, next_message, second_person_message, welcome_message

CHANNEL = CHANNELS["C0OPS"]


@dataclass
class _Waiting:
    """A step that somebody has taken and that has not ended. `told`: they know who else has to act."""

    number: int
    person: Person
    channel: Channel
    told: bool = False

    @property
    def step(self) -> Step:
        return STEPS[self.number]


class Tour:
    """Posts the welcome, does what its buttons say, and offers the next step when one has ended."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: list[_Waiting] = []
        for number, step in enumerate(STEPS):
            sandbox.own_buttons[step.action] = self._presser(number)
        sandbox.workspace.subscribers.append(self._look)

    def welcome(self) -> None:
        """Post the welcome into a channel where nothing has been said yet."""
        if not list(self._sandbox.workspace.all(CHANNEL.id)):
            self._sandbox.workspace.post(CHANNEL.id, welcome_message())

    def _presser(self, number: int) -> Callable[[Person, Channel, str], Awaitable[None]]:
        async def press(person: Person, channel: Channel, tab: str) -> None:
            step, archives = STEPS[number], self._sandbox.options.archives
            if step.before and archives:
                step.before(archives)
            self._waiting.append(_Waiting(number, person, channel))
            await interactions.slash(self._sandbox, person, channel, step.command, tab)

        return press

    def _look(self, entry: Entry) -> None:
        """When the bot says how a step went, lead on whoever took it."""
        if entry["op"] not in ("message", "change") or not self._waiting:
            return
        ts = entry["ts"] if entry["op"] == "change" else entry["message"]["ts"]
        message = self._sandbox.workspace.get(entry["channel"], ts)
        if message is None or message.get("user") != BOT_USER or message.get("metadata") == MARK:
            return
        for one in list(self._waiting):
            if one.step.ended(message, one.person):
                self._waiting.remove(one)
                self._tell(one, next_message(one.number + 1))
            elif one.step.needs_another and not one.told and one.step.needs_another(message, one.person):
                one.told = True
                self._tell(one, second_person_message(one.person, self._sandbox.base_url))

    def _tell(self, waiting: _Waiting, message: Message) -> None:
        """Only to whoever took the step, where they took it."""
        self._sandbox.workspace.post(
            waiting.channel.id, {**from_bot(message), "ephemeral_to": waiting.person.id}
        )
