"""Who may do what: Slack user ids and user groups -> roles, as the configuration says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.core.people import Actor, Role, Source
from bot.slack import groups
from bot.slack.client import code_of

_CACHE_SECONDS = 60.0


@dataclass(frozen=True)
class Standing:
    """The roles somebody holds, and sentences about groups that could not be looked into."""

    roles: frozenset[Role]
    not_known: tuple[str, ...] = ()

    def actor(self, team: str, user: str) -> Actor:
        """The person as services know them."""
        return Actor(team=team, user=user, source=Source.SLACK, roles=self.roles)


class Directory:
    """Looks roles up; a group's members are remembered for a minute, a failure is not."""

    def __init__(
        self,
        client: WebClient,
        roles: Mapping[Role, tuple[str, ...]],
        team: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._roles, self._team, self._clock = client, roles, team, clock
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    def look(self, team: str, user: str, *, fresh: bool = False) -> Standing:
        """A person's roles, matched by id and workspace. A group that cannot be read gives none.

        `fresh`: nothing remembered counts; Slack is asked about every group that may matter.
        """
        if team != self._team:
            return Standing(frozenset(), ("Only people of the bot's own workspace can hold a role.",))
        held: set[Role] = set()
        not_known: dict[str, str] = {}
        for role, ids in self._roles.items():
            for one in ids:
                if one == user or (
                    one.startswith("S") and self._is_member(one, user, not_known, fresh=fresh)
                ):
                    held.add(role)
        return Standing(frozenset(held), tuple(not_known.values()))

    def _is_member(self, group: str, user: str, not_known: dict[str, str], *, fresh: bool) -> bool:
        if group in not_known:
            return False
        try:
            return user in self._group(group, fresh=fresh)
        except Exception as error:  # noqa: BLE001 - whatever it was: not knowing means no role
            not_known[group] = (
                f"Slack could not say who is in the group {group} ({code_of(error)}), "
                "so it gives nobody a role right now."
            )
            return False

    def _group(self, group: str, *, fresh: bool) -> frozenset[str]:
        known = self._members.get(group)
        if known and not fresh and self._clock() - known[0] < _CACHE_SECONDS:
            return known[1]
        members = groups.members(self._client, group)
        self._members[group] = (self._clock(), members)
        return members
