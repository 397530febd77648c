"""Every rule that any part speaks under is in the list, and the documents show the list as it is."""

from __future__ import annotations

import re
from pathlib import Path

import bot
from bot.checks import rules
from bot.core.finding import Severity
from tests.corpus import cases

ROOT = Path(bot.__file__).parents[1]
# Upper-case words with an underscore that are no rules: variables of programs and statements' names.
_RULE = re.compile(
    r'(?:finding|Finding|line|LogLine|Meaning|_fails|_objection_of|_error)\(\s*"([A-Z]+(?:_[A-Z]+)+)"'
)
_RETURNED = re.compile(r'return "([A-Z]+(?:_[A-Z]+)+)",')


def spoken() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py")]
    return {rule for text in texts for rule in (*_RULE.findall(text), *_RETURNED.findall(text))}


def test_every_rule_that_is_spoken_is_explained() -> None:
    found = spoken()
    assert len(found) > 30
    assert found - rules.by_name().keys() == set()


def test_names_are_unique_and_sentences_are_sentences() -> None:
    for rule in rules.by_name().values():
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", rule.name)
        assert rule.meaning.endswith("."), rule
        assert rule.next_step.endswith((".", "")), rule
        assert rule.next_step or rule.severity is Severity.NOTE, rule


def test_the_document_shows_every_rule() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules.table(), (
        "write it anew: python -c 'from bot.checks import rules; print(rules.table(), end=\"\")'"
    )


def test_the_document_shows_every_way_to_be_broken() -> None:
    assert (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8") == cases.document(), (
        "write it anew: python -c 'from tests.corpus import cases; print(cases.document(), end=\"\")'"
    )
    assert cases.table() in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "the README shows the same table"
    )
    known = rules.by_name().keys()
    assert {rule for case in cases.CASES for rule in case.rules} <= known
