from __future__ import annotations

import pytest

from bot.checks.grants import Sides, differing, rights

SAME = Sides(17, 17, "scratch")
OLDER = Sides(15, 17, "scratch")


def test_rights_of_hard_names_and_of_everybody() -> None:
    items = ['"a=b/c"=r*w/postgres', "=X/postgres", "anon=r/postgres", "anon=w/other"]
    assert rights(items) == {
        "a=b/c": {"r*", "w"},
        "": {"X"},
        "anon": {"r", "w"},
    }


@pytest.mark.parametrize(
    ("source", "restored", "sides", "changed"),
    [
        (["anon=r/postgres"], ["anon=r/postgres"], SAME, []),
        (["anon=r/postgres"], ["anon=r/another"], SAME, []),
        (["anon=r/postgres"], [], SAME, ["anon"]),
        (["anon=r/postgres"], ["anon=r*/postgres"], SAME, ["anon"]),
        ([], ["=r/postgres"], SAME, ["PUBLIC"]),
        (["anon=arwdDxt/postgres"], ["anon=arwdDxtm/postgres"], OLDER, []),
        (["anon=arwdDxt/postgres"], ["anon=arwdDxtm/postgres"], SAME, ["anon"]),
        (None, None, SAME, []),
    ],
)
def test_what_differs(source: list[str], restored: list[str], sides: Sides, changed: list[str]) -> None:
    assert differing(source, restored, sides) == changed


def test_the_owners_own_rights_do_not_count_where_the_test_owns_the_object() -> None:
    source, restored = ["postgres=r/postgres", "anon=r/postgres"], ["scratch=rw/scratch", "anon=r/scratch"]
    assert differing(source, restored, SAME, "postgres", "scratch") == []
    assert differing(source, restored, SAME, "postgres", "postgres") == ["postgres", "scratch"]
