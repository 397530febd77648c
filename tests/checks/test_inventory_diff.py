from __future__ import annotations

from typing import Any

import pytest

from bot.checks.grants import Sides
from bot.checks.inventory_diff import Compared, bare, differences

SCHEMAS = frozenset({'"public"', '"archive"'})
VIEW = '"public"."v"'


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SELECT o.id FROM public.o WHERE (o.n > 1)", "SELECT id\n FROM public.o WHERE (n > 1)", True),
        ('SELECT "O o".id FROM public."O o"', 'SELECT id FROM public."O o"', True),
        ("SELECT id FROM public.o", "SELECT id FROM archive.o", False),
        ("n > 1.5", "n > 2.5", False),
        ("s = 'a.b'", "s = 'c.b'", False),
        ("s = 'a b'", "s = 'ab'", False),
        ("(a OR b) AND c", "a OR (b AND c)", False),
    ],
)
def test_what_versions_may_word_otherwise(one: str, other: str, same: bool) -> None:
    assert (bare(one, SCHEMAS) == bare(other, SCHEMAS)) is same


def rules_of(before: dict[str, Any], after: dict[str, Any], restored_major: int) -> set[str]:
    compared = Compared(
        name="relations",
        before={VIEW: {"kind": "v", **before}},
        after={VIEW: {"kind": "v", **after}},
        sides=Sides(15, restored_major, "scratch"),
        schema_only=False,
        partitions=frozenset(),
        schemas=SCHEMAS,
        owner_of=lambda _identity, _restored: None,
    )
    return {finding.rule for _, finding in differences(compared)}


@pytest.mark.parametrize(
    ("after", "major", "rules"),
    [
        ("SELECT o.id FROM public.o WHERE (o.n > 1)", 17, set()),
        ("SELECT id FROM public.o WHERE (n > 1)", 15, {"STRUCTURE_DIFFERS"}),
        ("SELECT id FROM public.o WHERE (n > 1)", 17, {"STRUCTURE_REWORDED"}),
        ("SELECT id FROM public.o WHERE (n > 10)", 17, {"STRUCTURE_NOT_COMPARED"}),
    ],
)
def test_a_changed_view_is_no_pass_over_versions(after: str, major: int, rules: set[str]) -> None:
    definition = "SELECT o.id FROM public.o WHERE (o.n > 1)"
    assert rules_of({"definition": definition}, {"definition": after}, major) == rules


def test_other_facts_are_held_to_over_versions() -> None:
    assert rules_of({"comment": "a"}, {"comment": "b"}, 17) == {"STRUCTURE_DIFFERS"}
    assert rules_of({"row_security": True}, {"row_security": False}, 17) == {"ROW_SECURITY_DIFFERS"}
