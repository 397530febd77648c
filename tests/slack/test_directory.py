from __future__ import annotations

from slack_sdk import WebClient

from bot.core.people import Role
from bot.sandbox.slack.client import SandboxClient
from bot.slack.directory import Directory

ROLES = {Role.OPERATOR: ("S0OPERATORS",), Role.VIEWER: ("U0VERA", "S0OPERATORS"), Role.APPROVER: ("S0GONE",)}
TEAM = "T0SANDBOX"


class Hand:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_roles_come_from_ids_and_groups(web: WebClient) -> None:
    directory = Directory(web, ROLES, TEAM)
    assert directory.look(TEAM, "U0OMAR").roles == {Role.OPERATOR, Role.VIEWER}
    assert directory.look(TEAM, "U0VERA").roles == {Role.VIEWER}
    assert directory.look(TEAM, "U0CARL").roles == frozenset()


def test_another_workspace_holds_no_role(web: WebClient) -> None:
    assert Directory(web, ROLES, TEAM).look("T0OTHER", "U0VERA").roles == frozenset()


def test_a_group_that_is_not_known_gives_no_role_and_is_named(web: WebClient) -> None:
    standing = Directory(web, ROLES, TEAM).look(TEAM, "U0OMAR")
    assert any("S0GONE" in sentence for sentence in standing.not_known)
    assert Role.APPROVER not in standing.roles


def test_failing_to_know_means_no_and_is_not_remembered(web: WebClient, people: SandboxClient) -> None:
    clock = Hand()
    directory = Directory(web, {Role.OPERATOR: ("S0OPERATORS",)}, TEAM, clock)
    people.fault("500", methods=("usergroups.users.list",))
    standing = directory.look(TEAM, "U0OMAR")
    assert standing.roles == frozenset()
    assert "S0OPERATORS" in standing.not_known[0]
    people.clear_faults()
    assert directory.look(TEAM, "U0OMAR").roles == {Role.OPERATOR}
    people.fault("500", methods=("usergroups.users.list",))
    clock.now = 59.0
    assert directory.look(TEAM, "U0OMAR").roles == {Role.OPERATOR}  # remembered for a minute
    clock.now = 61.0
    assert directory.look(TEAM, "U0OMAR").roles == frozenset()  # and no longer


def test_a_fresh_look_asks_anew_and_forgets_nothing_when_it_fails(
    web: WebClient, people: SandboxClient
) -> None:
    directory = Directory(web, {Role.OPERATOR: ("S0OPERATORS",)}, TEAM, Hand())
    assert directory.look(TEAM, "U0OMAR").roles == {Role.OPERATOR}
    people.fault("500", methods=("usergroups.users.list",))
    assert directory.look(TEAM, "U0OMAR", fresh=True).roles == frozenset()
    assert directory.look(TEAM, "U0OMAR").roles == {Role.OPERATOR}
