"""Modals that are open on somebody's screen: a stack of at most three for each tab of theirs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from bot.sandbox.slack.passes import Screen
from bot.sandbox.slack.people import APP, BOT_ID, TEAM
from bot.sandbox.slack.refusal import RefusedError
from bot.sandbox.slack.workspace import with_ids

View = dict[str, Any]
_DEEPEST = 3


def make(view: View, previous: View | None = None) -> View:
    """A view as Slack sends it: with an id, a hash, and what the app left out filled in."""
    view_id = f"V0{secrets.token_hex(5).upper()}"
    return {
        "id": view_id,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": BOT_ID,
        "app_installed_team_id": TEAM,
        "root_view_id": previous["root_view_id"] if previous else view_id,
        "previous_view_id": previous["id"] if previous else None,
        "state": {"values": {}},
        **_content(view),
    }


def _content(view: View) -> View:
    """The parts an app decides, with Slack's defaults; they change together with the hash."""
    return {
        "type": view["type"],
        "title": view.get("title"),
        "submit": view.get("submit"),
        "close": view.get("close"),
        "blocks": with_ids(view["blocks"]),
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "external_id": view.get("external_id", ""),
        "clear_on_close": bool(view.get("clear_on_close")),
        "notify_on_close": bool(view.get("notify_on_close")),
        "hash": f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}",
    }


class Modals:
    """Every screen's open modals. They are gone after a restart, as after closing a laptop.

    What was opened from a command line, which has no screen, shows in every tab of that person; and from
    there the newest of the person's modals is acted on, whichever tab shows it.
    """

    def __init__(self) -> None:
        self._stacks: dict[Screen, list[View]] = {}
        self.subscribers: list[Callable[[str], None]] = []  # told whose screen changed

    def open(self, screen: Screen, view: View) -> View:
        """Show a first modal; whatever was open goes away."""
        self._refuse_double(view)
        made = make(view)
        self._stacks.pop(self._shown(screen), None)
        self._stacks[screen] = [made]
        self._changed(screen.user)
        return made

    def push(self, screen: Screen, view: View) -> View:
        """Put a modal on top of the one that is open."""
        stack = self._stacks.get(self._shown(screen), [])
        if not stack or len(stack) >= _DEEPEST:
            raise RefusedError("push_limit_reached" if stack else "not_found")
        self._refuse_double(view)
        stack.append(make(view, stack[-1]))
        self._changed(screen.user)
        return stack[-1]

    def update(self, wanted: str, view: View, expected_hash: str = "") -> View:
        """Change an open modal, found by its id or external id."""
        found = self.find(wanted)
        if found is None:
            raise RefusedError("not_found")
        if expected_hash and expected_hash != found["hash"]:
            raise RefusedError("hash_conflict")
        found.update(_content(view))
        for screen, stack in self._stacks.items():
            if found in stack:
                self._changed(screen.user)
        return found

    def find(self, wanted: str) -> View | None:
        """An open modal by its id or external id."""
        views = (view for stack in self._stacks.values() for view in stack)
        return next((view for view in views if wanted and wanted in (view["id"], view["external_id"])), None)

    def top(self, screen: Screen) -> View | None:
        """What this person sees there."""
        stack = self._stacks.get(self._shown(screen))
        return stack[-1] if stack else None

    def close(self, screen: Screen, *, everything: bool = False) -> None:
        """Close the top modal, or all of them."""
        shown = self._shown(screen)
        stack = self._stacks.get(shown, [])
        del stack[0 if everything else -1 :]
        if not stack:
            self._stacks.pop(shown, None)
        self._changed(screen.user)

    def _shown(self, screen: Screen) -> Screen:
        """Whose stack is seen on a screen: its own, else the command line's; there, the person's newest."""
        if screen in self._stacks:
            return screen
        if screen.tab:
            return Screen(screen.user)
        return next((one for one in reversed(self._stacks) if one.user == screen.user), screen)

    def _changed(self, user: str) -> None:
        for subscriber in self.subscribers:
            subscriber(user)

    def _refuse_double(self, view: View) -> None:
        external = view.get("external_id")
        if external and self.find(external):
            raise RefusedError("duplicate_external_id")
