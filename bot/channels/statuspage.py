"""Statuspage: an incident for an emergency, a scheduled maintenance for maintenance, and their updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from bot.channels import http
from bot.channels.interface import Outgoing, Receipt
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
        known = message.references[-1] if message.references else self._find(message.notice_id)
        if known is None:
            return Receipt(str(self._ask("POST", "", {"incident": self._new(message)})["id"]))
        if not (message.again and self._has_update(known, message)):
            self._ask("PATCH", f"/{known}", {"incident": self._update(message)})
        return Receipt(known)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _new(self, message: Outgoing) -> dict[str, Any]:
        incident = {
            "name": message.subject,
            "metadata": {"sparewheel": {"notice_id": message.notice_id}},
            "impact_override": _IMPACT[message.severity],
            **self._update(message),
        }
        if message.kind == "maintenance" or message.status in ("scheduled", "in_progress", "completed"):
            # We remind and begin ourselves, in words that two people have read.
            incident |= {
                "scheduled_remind_prior": False,
                "scheduled_auto_in_progress": False,
                "scheduled_auto_completed": False,
            }
        return incident

    def _update(self, message: Outgoing) -> dict[str, Any]:
        update: dict[str, Any] = {
            "status": message.status,
            "body": message.text.strip(),
            "deliver_notifications": self.settings.deliver_notifications,
        }
        if message.starts_at and message.ends_at:
            update["scheduled_for"] = message.starts_at.isoformat()
            update["scheduled_until"] = message.ends_at.isoformat()
        if self.settings.components:
            update["component_ids"] = list(self.settings.components)
        return update

    def _find(self, notice_id: str) -> str | None:
        for incident in self._ask("GET", f"?limit={_PAGE}"):
            ours = (incident.get("metadata") or {}).get("sparewheel") or {}
            if ours.get("notice_id") == notice_id:
                return str(incident["id"])
        return None

    def _has_update(self, incident_id: str, message: Outgoing) -> bool:
        updates = self._ask("GET", f"/{incident_id}").get("incident_updates") or []
        wanted = (message.status, message.text.strip())
        return any((one.get("status"), (one.get("body") or "").strip()) == wanted for one in updates)

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
