from __future__ import annotations

from pathlib import Path

from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.workspace import Workspace


def test_a_line_cut_short_is_dropped_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append({"op": "one"})
    with path.open("ab") as file:
        file.write(b'{"op": "tw')
    assert [entry["op"] for entry in journal.entries()] == ["one"]
    journal.append({"op": "three"})
    assert [entry["op"] for entry in journal.entries()] == ["one", "three"]


def test_everything_is_there_again_and_time_goes_on(tmp_path: Path) -> None:
    first = Workspace(Journal(tmp_path / "journal.jsonl"), lambda: 100.0)
    kept = first.post("C0OPS", {"user": "U0OMAR", "text": "one"})
    gone = first.post("C0OPS", {"user": "U0OMAR", "text": "two"})
    first.change("C0OPS", kept["ts"], {"text": "changed"})
    first.delete("C0OPS", gone["ts"])
    first.publish_home("U0OMAR", {"blocks": []})
    first.add_file({"id": "F1"})
    again = Workspace(Journal(tmp_path / "journal.jsonl"), lambda: 50.0)
    assert [m["text"] for m in again.all("C0OPS")] == ["changed"]
    assert (again.homes, again.files) == (first.homes, first.files)
    assert again.next_ts() > gone["ts"]


def test_a_subscriber_sees_every_change(tmp_path: Path) -> None:
    workspace = Workspace(Journal(tmp_path / "journal.jsonl"), lambda: 100.0)
    seen: list[str] = []
    workspace.subscribers.append(lambda entry: seen.append(entry["op"]))
    ts = workspace.post("C0OPS", {"user": "U0OMAR", "text": "one"})["ts"]
    workspace.delete("C0OPS", ts)
    assert seen == ["message", "delete"]
