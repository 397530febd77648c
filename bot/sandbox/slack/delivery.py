"""Brings payloads to the app: over Socket Mode, or as signed HTTP requests to its request URL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.request_url import RequestUrl
from bot.sandbox.slack.sockets import Payload, Sockets
from bot.sandbox.slack.traffic import Traffic

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True)
class Answer:
    """What the app acknowledged with, or the name of Slack's error when it did not."""

    payload: Payload | None = None
    problem: Literal["operation_timeout", "dispatch_failed"] | None = None


class Delivery:
    """One way out for every payload. Events are tried again, commands and clicks are not."""

    def __init__(
        self, sockets: Sockets, faults: Faults, traffic: Traffic, options: Options, signing_secret: str
    ) -> None:
        self._sockets, self._faults, self._traffic, self._options = sockets, faults, traffic, options
        self._url = RequestUrl(options.request_url, signing_secret, options) if options.request_url else None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, kind: Kind, payload: Payload) -> Answer:
        """Deliver once and wait up to three seconds for the acknowledgement."""
        return await self._try(kind, payload, {"accepts_response_payload": kind != "events_api"})

    def send_event(self, payload: Payload) -> None:
        """Deliver an event in the background, again at once, after 1 and after 5 minutes if need be."""
        self._start(self._event(payload))

    def stop(self) -> None:
        """Give up on what is still under way."""
        for task in self._tasks:
            task.cancel()

    async def _event(self, payload: Payload) -> None:
        reason = ""
        for retry, delay in enumerate((0.0, *self._options.timings.event_retries)):
            await asyncio.sleep(delay)
            extra = {"accepts_response_payload": False, "retry_attempt": retry, "retry_reason": reason}
            answer = await self._try("events_api", payload, extra)
            if self._faults.double_events and retry == 0:
                answer = await self._try("events_api", payload, {**extra, "retry_attempt": 1})
            if answer.problem is None:
                return
            reason = "timeout" if answer.problem == "operation_timeout" else "http_error"

    async def _try(self, kind: Kind, payload: Payload, extra: Payload) -> Answer:
        answer = await self._once(kind, payload, extra)
        refused = [answer.problem] if answer.problem else []
        self._traffic.add("to the app", kind, payload, answer.payload, refused)
        return answer

    async def _once(self, kind: Kind, payload: Payload, extra: Payload) -> Answer:
        try:
            if self._url is None:
                return Answer(await self._sockets.send(kind, payload, extra))
            return Answer(await self._post(self._url, kind, payload, extra))
        except TimeoutError:
            return Answer(problem="operation_timeout")
        except OSError:
            return Answer(problem="dispatch_failed")

    async def _post(self, url: RequestUrl, kind: Kind, payload: Payload, extra: Payload) -> Payload | None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if kind == "events_api":
            headers["Content-Type"] = "application/json"
            body = json.dumps(payload)
            if extra.get("retry_attempt"):
                headers["X-Slack-Retry-Num"] = str(extra["retry_attempt"])
                headers["X-Slack-Retry-Reason"] = str(extra["retry_reason"] or "http_timeout")
        elif kind == "interactive":
            body = urlencode({"payload": json.dumps(payload)})
        else:
            body = urlencode(payload)
        return await url.post(body.encode(), headers)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Keep a reference: the event loop itself holds tasks only weakly."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
