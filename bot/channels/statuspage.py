"""Statuspage: an incident for an emergency, a scheduled maintenance for maintenance, and their updates.

Each write carries the notice's id and the message's key in the incident's `metadata`, and a look comes before
it: what an answer of 500, or a lost one, has left behind is found there and not written a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from bot.channels import http
from bot.channels.interface import Outgoing, Receipt
from bot.errors import ChannelBusyError, ChannelUnknownError
from bot.settings.channels import StatuspageSettings

_IMPACT = {"critical": "major", "warning": "minor", "info": "maintenance", "resolved": "none"}
_PAGE = 100


@dataclass
class StatuspageChannel:
    """Looks for what is there before it creates: a notice is one incident, however often it is tried.

    Names of fields are those of developer.statuspage.io.
    """

    settings: StatuspageSettings
    api_key: str = field(repr=False)
    _session: requests.Session = field(default_factory=http.open_session, repr=False)

    def hand_over(self, message: Outgoing) -> Receipt:
        """Create the incident or add an update to it; the reference is the incident's id."""
        there = self._look(message)
        if there is None:
            return Receipt(str(self._write("POST", "", self._new(message))["id"]))
        if not _was_written(there, message):
            self._write("PATCH", f"/{there['id']}", self._update(message, there))
        return Receipt(str(there["id"]))

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _look(self, message: Outgoing) -> dict[str, Any] | None:
        """The incident as it stands; None where there is none of this notice."""
        try:
            if message.references:
                found: dict[str, Any] = self._ask("GET", f"/{message.references[-1]}")
                return found
            incidents = self._ask("GET", f"?limit={_PAGE}")
        except (ChannelUnknownError, requests.JSONDecodeError) as error:  # nothing was written by looking
            kind = type(error).__name__
            raise ChannelBusyError("Statuspage could not be looked at.", whole=True, cause=kind) from None
        return next((one for one in incidents if _mark(one).get("notice_id") == message.notice_id), None)

    def _new(self, message: Outgoing) -> dict[str, Any]:
        incident = {
            "name": message.subject,
            "impact_override": _IMPACT[message.severity],
            **self._update(message, {}),
        }
        if message.kind == "maintenance" or message.status in ("scheduled", "in_progress", "completed"):
            # We remind and begin ourselves, in words that two people have read.
            incident |= {
                "scheduled_remind_prior": False,
                "scheduled_auto_in_progress": False,
                "scheduled_auto_completed": False,
            }
        return incident

    def _update(self, message: Outgoing, there: dict[str, Any]) -> dict[str, Any]:
        mark = {"notice_id": message.notice_id, "key": message.key}
        update: dict[str, Any] = {
            "status": message.status,
            "body": message.text.strip(),
            "metadata": {**(there.get("metadata") or {}), "sparewheel": mark},
            "deliver_notifications": self.settings.deliver_notifications,
        }
        if message.starts_at and message.ends_at:
            update["scheduled_for"] = message.starts_at.isoformat()
            update["scheduled_until"] = message.ends_at.isoformat()
        if self.settings.components:
            update["component_ids"] = list(self.settings.components)
        return update

    def _write(self, method: str, path: str, incident: dict[str, Any]) -> Any:
        return self._ask(method, path, {"incident": incident})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        base = f"{self.settings.api_url.rstrip('/')}/pages/{self.settings.page_id}/incidents"
        answer = http.request(
            self._session,
            method,
            base + path,
            who="Statuspage",
            timeout=self.settings.timeout,
            headers={"Authorization": f"OAuth {self.api_key}"},
            json=body,
        )
        return answer.json()


def _mark(incident: dict[str, Any]) -> dict[str, Any]:
    """What we wrote into an incident's metadata with the last update of ours."""
    return (incident.get("metadata") or {}).get("sparewheel") or {}


def _was_written(incident: dict[str, Any], message: Outgoing) -> bool:
    """Whether an earlier attempt at this very message got through, though its answer did not say so.

    Raises:
        ChannelUnknownError: it got through in part: our mark is there, the words are not.
    """
    wanted = (message.status, _words(message.text))
    updates = incident.get("incident_updates") or []
    shown = any((one.get("status"), _words(one.get("body"))) == wanted for one in updates)
    if message.again:  # a person has looked meanwhile
        return shown
    if _mark(incident).get("key") != message.key:
        return False
    if not shown:
        raise ChannelUnknownError(
            "Statuspage took part of it: the incident is marked, the words are not there."
        )
    return True


def _words(text: str | None) -> str:
    return " ".join((text or "").split())
