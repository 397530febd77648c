from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot import settings
from bot.cli.backup import say
from bot.cli.main import _VERBS, cli

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_loads_explains_itself_and_stands_in_the_readme(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert re.search(rf"`(sparewheel )?{verb}\b", README)


def test_every_word_of_backup_stands_in_the_readme() -> None:
    backup = cli.get_command(click.Context(cli), "backup")
    assert isinstance(backup, click.Group)
    for word in backup.commands:
        assert f"| `{word}" in README


def test_every_variable_stands_in_the_readme() -> None:
    assert [name for name in settings._VARIABLES if f"`{name}`" not in README] == []


def test_a_name_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\x07\nc")
    assert capsys.readouterr().out == "a�[2Jb�\nc\n"
