"""`sparewheel notice`: previews, audiences and who is never written to, as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.notice import notice
from bot.errors import FieldsError, NotFoundError, WordsError

CONFIGURATION = """
[storage]
url = "file:///nowhere"
[notices.products.fleetnest]
name = "FleetNest"
time_zone = "America/Chicago"
[channels.mail]
type = "smtp"
host = "127.0.0.1"
security = "none"
sender = "notices@fleetnest.example"
unsubscribe = "mailto:leave@fleetnest.example"
[audiences.customers]
channels = ["mail"]
csv = "{folder}/customers.csv"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sparewheel.toml").write_text(CONFIGURATION.format(folder=tmp_path), encoding="utf-8")
    monkeypatch.setenv("SPAREWHEEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SPAREWHEEL_CONFIG", str(tmp_path / "sparewheel.toml"))
    return tmp_path


def say(*words: str) -> str:
    return CliRunner().invoke(notice, words, catch_exceptions=False, standalone_mode=False).output


def test_a_preview_speaks_of_the_teams_product_in_its_zone(here: Path) -> None:
    said = say("preview", "maintenance", "scheduled", "--var", "service=Driver app <!channel>")
    assert "Subject: FleetNest: planned maintenance on Tuesday 5 March 2030" in said
    assert "02:00 to 04:00 CST (Chicago, UTC-06:00), 2 hours" in said
    assert "Driver app &lt;!channel&gt;" in said.partition("In Slack:")[2]
    page = here / "mail.html"
    say("preview", "maintenance", "scheduled", "--html", str(page))
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_preview_works_without_any_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPAREWHEEL_HOME", str(tmp_path))
    monkeypatch.delenv("SPAREWHEEL_CONFIG", raising=False)
    assert "emergency resolved: Problem over" in say("preview")
    assert "Example Product" in say("preview", "emergency", "resolved")


@pytest.mark.usefixtures("here")
def test_what_is_wrong_is_said() -> None:
    with pytest.raises(FieldsError, match="does not exist on that day"):
        say("preview", "emergency", "investigating", "--var", "since=2030-03-10 02:30")
    with pytest.raises(WordsError, match="is no variable"):
        say("preview", "emergency", "investigating", "--var", "since")
    with pytest.raises(NotFoundError, match="has no stage"):
        say("preview", "emergency", "scheduled")
    with pytest.raises(NotFoundError, match="Known here: emergency, maintenance") as caught:
        say("preview", "party", "scheduled")
    assert caught.value.next_step == "For instance `emergency investigating`."
    with pytest.raises(NotFoundError, match="no product called"):
        say("preview", "emergency", "resolved", "--product", "nothing")


def test_an_audience_is_counted_and_the_list_is_honoured(
    here: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPAREWHEEL_DATABASE_URL", ledger_url)
    people = "email\nann@example.com\nANN@example.com\nben@example.com\nnobody\n"
    (here / "customers.csv").write_text(people, encoding="utf-8")
    assert say("audience").splitlines() == [
        "mail: 2 recipients",
        "left out: 1 invalid address, 0 suppressed; 1 repetition merged",
        "  not an address: nobody",
    ]
    assert "never written to" in say("suppress", "ben@example.com", "--reason", "asked by phone")
    assert "mail: 1 recipient" in say("audience", "customers")
    assert "written to again" in say("unsuppress", "ben@example.com")
