from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.backup import Format, Kind
from bot.errors import WordsError
from commands.tokens import straighten, tokens
from commands.words import Cancel, Check, Help, Known, Listing, Now, Pick, Show, Status, Wanted, parse

TWO = Known(("cruzonic", "fleetnest"))
ONE = Known(("cruzonic",))
HERE = Known(("cruzonic", "fleetnest"), "fleetnest")


@pytest.mark.parametrize(
    ("text", "known", "wanted"),
    [
        ("", TWO, Status()),
        ("now", ONE, Now(Kind.FULL, "cruzonic")),
        ("now", HERE, Now(Kind.FULL, "fleetnest")),
        ("now cruzonic", HERE, Now(Kind.FULL, "cruzonic")),
        ("now cruzonic FULL plain", TWO, Now(Kind.FULL, "cruzonic", (), Format.PLAIN)),
        ("full now", ONE, Now(Kind.FULL, "cruzonic")),
        ("NOW critical", ONE, Now(Kind.CRITICAL, "cruzonic")),
        ("Schema Now FleetNest", TWO, Now(Kind.SCHEMA, "fleetnest")),
        ("now a full backup of cruzonic please", TWO, Now(Kind.FULL, "cruzonic")),
        ("now table drivers cruzonic", TWO, Now(Kind.TABLE, "cruzonic", ("drivers",))),
        ("table drivers, vehicles cruzonic now", TWO, Now(Kind.TABLE, "cruzonic", ("drivers", "vehicles"))),
        ("now table full cruzonic", TWO, Now(Kind.TABLE, "cruzonic", ("full",))),
        ('now table "now" plain', ONE, Now(Kind.TABLE, "cruzonic", ('"now"',), Format.PLAIN)),
        ("now table “My Table” cruzonic", TWO, Now(Kind.TABLE, "cruzonic", ('"My Table"',))),
        ('now table public."x y"', ONE, Now(Kind.TABLE, "cruzonic", ('public."x y"',))),
        ("now table `x y`", ONE, Now(Kind.TABLE, "cruzonic", ('"x y"',))),
        ("now table 'it''s'", ONE, Now(Kind.TABLE, "cruzonic", ('"it\'s"',))),
        ("now table Robert')", ONE, Now(Kind.TABLE, "cruzonic", ("Robert')",))),
        ('now table "cruzonic x"', ONE, Now(Kind.TABLE, "cruzonic", ('"cruzonic x"',))),
        ("now\u00a0full\u202fcruzonic", TWO, Now(Kind.FULL, "cruzonic")),
        ("status", TWO, Status()),
        ("Status Cruzonic", TWO, Status("cruzonic")),
        ("cruzonic", TWO, Status("cruzonic")),
        ("list", TWO, Listing()),
        ("list safety fleetnest", TWO, Listing("fleetnest", Kind.SAFETY)),
        ("show a1b2", TWO, Show(Pick("a1b2"))),
        ("SHOW #A1B2C3D4", TWO, Show(Pick("a1b2c3d4"))),
        ("show `a1b2c3d4`", TWO, Show(Pick("a1b2c3d4"))),
        ("check latest", TWO, Check(Pick("latest"))),
        ("latest cruzonic check", TWO, Check(Pick("latest", "cruzonic"))),
        ("check cruzonic", TWO, Check(Pick("latest", "cruzonic"))),
        ("cancel a1b2c3d4", TWO, Cancel(Pick("a1b2c3d4"))),
        ("help", TWO, Help()),
    ],
)
def test_words_are_read_whatever_their_order_and_case(text: str, known: Known, wanted: Wanted) -> None:
    assert parse(text, known) == wanted


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("stauts", "/backup status"),
        ("now critcal cruzonic", "/backup now critical cruzonic"),
        ("now full cruzonik", "/backup now full cruzonic"),
        ("now full cruzonic plian", "/backup now full cruzonic plain"),
        ("nwo full cruzonic", "/backup now full cruzonic"),
        ("full cruzonic", "/backup now full cruzonic"),
        ("now table drivers cruzonik", "/backup now table drivers cruzonic"),
        ("now table “My Table” x flietnest", '/backup now table "My Table" x fleetnest'),
        ("list critcal", "/backup list critical"),
        ("status fleetnets", "/backup status fleetnest"),
        ("a1b2c3", "/backup show a1b2c3"),
        ("check", "/backup check latest"),
        ("show latst", "/backup show latest"),
    ],
)
def test_a_typo_gets_a_whole_command_that_can_be_typed(text: str, suggestion: str) -> None:
    with pytest.raises(WordsError) as caught:
        parse(text, TWO)
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize("text", ["now; drop table", "please do something", "now floccinaucini cruzonic"])
def test_no_suggestion_is_better_than_a_wrong_one(text: str) -> None:
    with pytest.raises(WordsError) as caught:
        parse(text, TWO)
    assert caught.value.suggestion is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("show “latest”", Show(Pick("latest"))),
        ("now 'full' \"cruzonic\"", Now(Kind.FULL, "cruzonic")),
        ("now now cruzonic", Now(Kind.FULL, "cruzonic")),
        ('now table "now" cruzonic', Now(Kind.TABLE, "cruzonic", ('"now"',))),
    ],
)
def test_quotes_and_repeated_verbs_do_not_confuse(text: str, wanted: Wanted) -> None:
    assert parse(text, TWO) == wanted


def test_an_id_that_was_cut_too_short_is_told_so() -> None:
    with pytest.raises(WordsError, match="too short"):
        parse("show 209", TWO)


def test_only_words_of_the_help_are_offered() -> None:
    with pytest.raises(WordsError) as caught:
        parse("now xyzzyx cruzonic", TWO)
    assert "custom" not in str(caught.value.next_step)
    assert "safety" not in str(caught.value.next_step)


def test_a_missing_database_is_answered_with_the_choices() -> None:
    with pytest.raises(WordsError, match="cruzonic and fleetnest"):
        parse("now full", TWO)
    with pytest.raises(WordsError, match="configured"):
        parse("now full", Known(()))


def test_what_nobody_can_mean_is_refused() -> None:
    for text in (
        "now full critical",
        "status cruzonic fleetnest",
        'now table "x',
        "now table",
        "now <!channel>",
    ):
        with pytest.raises(WordsError):
            parse(text, TWO)


def test_a_safety_backup_cannot_be_asked_for() -> None:
    with pytest.raises(WordsError):
        parse("now safety cruzonic", TWO)


_WORDS = st.lists(
    st.sampled_from(
        ["now", "full", "table", "plain", "cruzonic", "x", '"', "'", "`", ".", ",", " ", "”", "\u00a0"]
    )
    | st.text(max_size=8)
)


@given(_WORDS)
def test_anything_typed_is_read_or_refused_in_words(pieces: list[str]) -> None:
    with suppress(WordsError):
        parse(" ".join(pieces), TWO)


@given(st.permutations(["now", "critical", "plain", "fleetnest"]), st.data())
def test_order_and_case_do_not_matter(words: list[str], data: st.DataObject) -> None:
    mixed = [data.draw(st.sampled_from([w, w.upper(), w.capitalize()])) for w in words]
    assert parse(" ".join(mixed), TWO) == Now(Kind.CRITICAL, "fleetnest", (), Format.PLAIN)


# straighten() makes these into others before a name begins; everything else may stand in a name.
_NAME = st.text(min_size=1, max_size=40).filter(lambda name: straighten(name) == name)


@given(st.lists(_NAME, min_size=1, max_size=4))
def test_any_quoted_name_comes_through_whole(names: list[str]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    wanted = parse(f"now table {' '.join(quoted)}", Known(("main",)))
    assert isinstance(wanted, Now)
    assert wanted.tables == tuple(quoted)
    assert [token.text for token in tokens(" ".join(quoted))] == names


def test_a_typo_that_lacks_a_database_is_asked_for_one() -> None:
    with pytest.raises(WordsError) as caught:
        parse("nwo", TWO)
    assert caught.value.suggestion is None
    assert caught.value.next_step == (
        f"Did you mean `/backup now`, with a database behind it? {' or '.join(TWO.databases)}."
    )
    with pytest.raises(WordsError) as caught:
        parse("now floccinaucini cruzonic", TWO)
    assert "Did you mean" not in (caught.value.next_step or "")
