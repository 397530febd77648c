"""Who is in a user group of Slack's."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient

# Slack's own words for a trouble of its own, which may be over in a moment.
_PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)


def members(client: WebClient, group: str) -> frozenset[str]:
    """The ids of a group's people, asked for now. Refusals come out as the sdk raises them."""
    answer: Any = client.usergroups_users_list(usergroup=group)
    return frozenset(str(user) for user in answer["users"])


def may_pass(code: str) -> bool:
    """Whether asking again may help; Slack saying that there is no such group, say, will be said again."""
    return code in _PASSING or not code.islower() or code.startswith("http_")
