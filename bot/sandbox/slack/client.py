"""A person of the sandbox workspace, for the command line and for tests."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import SandboxError
from bot.sandbox.slack import credentials
from bot.sandbox.slack.render_text import render_messages, render_view

_SECONDS = 30


class SandboxClient:
    """Speaks to the sandbox that runs in a home folder. Every method raises SandboxError."""

    def __init__(self, home: Path) -> None:
        self._token = credentials.read(home).person_token
        self._parts = urlsplit(credentials.read_address(home))

    def say(
        self, name: str, text: str, channel: str = "database-operations", thread_ts: str | None = None
    ) -> str | None:
        """Type something as a person; a text that begins with '/' is a slash command.

        Returns:
            What Slack itself answers when a command went wrong, or None.
        """
        answer = self._call(
            "say", {"as": name, "text": text, "channel": channel, "thread_ts": thread_ts or ""}
        )
        words: str | None = answer.get("slack_says")
        return words

    def messages(
        self, channel: str = "database-operations", since: str = "", name: str = ""
    ) -> list[dict[str, Any]]:
        """The messages after the time stamp `since`, oldest first, as stored.

        `ephemeral_to` marks what only one person sees; with `name`, only what that person sees.
        """
        found: list[dict[str, Any]] = self._call(
            "messages", {"channel": channel, "since": since, "as": name}
        )["messages"]
        return found

    def read(self, channel: str = "database-operations", since: str = "", name: str = "") -> str:
        """The same as text for a terminal: blocks, threads and buttons included."""
        return render_messages(self.messages(channel, since, name))

    def click(
        self,
        name: str,
        action_id: str,
        *,
        ts: str = "",
        channel: str = "database-operations",
        block_id: str = "",
        value: Any = None,
        confirmed: bool = False,
    ) -> dict[str, Any]:
        """Press a button of a message, or (without `ts`) of the modal or Home tab on the screen.

        Returns:
            `problem`: None, or "operation_timeout", "dispatch_failed", "needs confirmation" (then
            `confirm` holds the question).
        """
        return self._call(
            "click",
            {
                "as": name,
                "action_id": action_id,
                "ts": ts,
                "channel": channel,
                "block_id": block_id,
                "value": json.dumps(value),
                "confirmed": confirmed,
            },
        )

    def submit(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        """Submit the modal on the screen; `errors` by block id, or `problem`, when it was refused."""
        return self._call("submit", {"as": name, "values": values})

    def close(self, name: str) -> None:
        """Close the modal on the screen."""
        self._call("close", {"as": name})

    def view(self, name: str) -> dict[str, Any] | None:
        """The modal that this person sees."""
        view: dict[str, Any] | None = self._call("view", {"as": name})["view"]
        return view

    def home(self, name: str, *, open_it: bool = False) -> dict[str, Any] | None:
        """The Home tab published for this person; `open_it` tells the app of the visit."""
        view: dict[str, Any] | None = self._call("home", {"as": name, "open": open_it})["view"]
        return view

    def read_home(self, name: str) -> str:
        """The Home tab as text."""
        view = self.home(name)
        return render_view(view) if view else ""

    def fault(
        self,
        kind: str,
        *,
        methods: tuple[str, ...] = (),
        times: int = 0,
        seconds: float = 1.0,
        code: str = "",
    ) -> None:
        """Switch a fault of bot.sandbox.slack.faults on; `times` 0 means until cleared.

        "refused" answers with Slack's refusal `code`; "500-after" and "drop-after" lose a call's answer.
        """
        values = {"kind": kind, "methods": list(methods), "times": times, "seconds": seconds, "code": code}
        self._call("faults", values)

    def double_events(self) -> None:
        """Deliver every event twice from now on."""
        self._call("faults", {"double_events": True})

    def clear_faults(self) -> None:
        """Everything works again."""
        self._call("faults", {"clear": True})

    def link(self) -> str:
        """An address that opens the page in a browser, once."""
        return str(self._call("link", {})["link"])

    def refresh(self) -> None:
        """Make Slack ask every Socket Mode connection to come again."""
        self._call("refresh", {})

    def connections(self) -> int:
        """How many Socket Mode connections the app holds."""
        return int(self._call("status", {})["connections"])

    def _call(self, action: str, values: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            self._parts.hostname or "", self._parts.port, timeout=_SECONDS
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/sandbox/{action}", json.dumps(values), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            raise SandboxError(
                "The sandbox does not answer.", next_step="Start it with `make run`, then try again."
            ) from None
        finally:
            connection.close()
        if not answer["ok"]:
            raise SandboxError(str(answer["error"]), next_step=str(answer.get("next_step", "")))
        return answer
