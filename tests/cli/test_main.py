from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.backup import say
from bot.cli.main import _VERBS, cli
from bot.errors import SandboxError
from bot.settings import environment
from commands import words

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_loads_explains_itself_and_stands_in_the_readme(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert re.search(rf"`(sparewheel )?{verb}\b", README)


def test_every_word_of_backup_stands_in_the_readme_and_in_its_help() -> None:
    said = CliRunner().invoke(cli, ["backup", "--help"]).output
    for word in words._VERBS:
        assert f"| `{word}" in README
        assert re.search(rf"^  {word}\b", said, re.MULTILINE)


@pytest.mark.parametrize("typed", ["help", "HELP", "help please"])
def test_help_needs_no_ledger_and_no_configuration(typed: str) -> None:
    result = CliRunner(env={"SPAREWHEEL_CONFIG": "", "SPAREWHEEL_DATABASE_URL": ""}).invoke(
        cli, ["backup", *typed.split()]
    )
    assert result.exit_code == 0
    assert "now [full|critical|schema|table NAME...]" in result.output


def test_an_empty_text_is_not_said_in_the_sandbox() -> None:
    result = CliRunner().invoke(cli, ["sandbox", "say", "--as", "omar", " "])
    assert isinstance(result.exception, SandboxError)
    assert result.exception.sentence == "There is nothing to say."


def test_every_variable_stands_in_the_readme() -> None:
    assert [name for name in environment._VARIABLES if f"`{name}`" not in README] == []


def test_a_name_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\x07\nc")
    assert capsys.readouterr().out == "a�[2Jb�\nc\n"
