from __future__ import annotations

import pytest

from bot.core.people import Action, Actor, Role, Source

DOES = {
    Role.VIEWER: {Action.SEE},
    Role.OPERATOR: {Action.SEE, Action.BACK_UP, Action.CHECK, Action.CANCEL},
    Role.APPROVER: {Action.SEE},
    Role.ADMINISTRATOR: {Action.SEE, Action.BACK_UP, Action.CHECK, Action.CANCEL},
}


def actor(*roles: Role) -> Actor:
    return Actor("T0", "U0", Source.SLACK, frozenset(roles))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", [Action.SEE, Action.BACK_UP, Action.CHECK, Action.CANCEL])
def test_what_each_role_may_do(role: Role, action: Action) -> None:
    assert actor(role).may(action) is (action in DOES[role])


@pytest.mark.parametrize("action", Action)
def test_no_role_may_nothing(action: Action) -> None:
    assert not actor().may(action)


def test_roles_add_up() -> None:
    assert actor(Role.VIEWER, Role.OPERATOR).may(Action.BACK_UP)


def test_a_label_holds_ids_and_the_way_in() -> None:
    assert Actor("local", "omar", Source.COMMAND_LINE).label == "command-line:local/omar"


@pytest.mark.parametrize("role", Role)
def test_only_approvers_say_yes_and_only_administrators_break_glass(role: Role) -> None:
    assert actor(role).may(Action.APPROVE) is (role is Role.APPROVER)
    assert actor(role).may(Action.BREAK_GLASS) is (role is Role.ADMINISTRATOR)
    assert actor(role).may(Action.WRITE_NOTICE) is (role is not Role.VIEWER)
