from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.backup import Kind
from bot.core.finding import Finding, Severity
from bot.core.people import Role
from bot.core.restore_test import RestoreTestMessage
from bot.gallery.samples import FAILED, HOMES, NOW, STORED, VIEWS, actor
from bot.gallery.samples import WORST_AROUND as AROUND
from bot.gallery.samples.records import GONE
from bot.sandbox.slack.blocks import Surface, problems
from bot.services.views import Asked, BackupList, BackupMessage, HelpView, KindStatus, StatusView
from bot.slack.blocks import Rendered
from bot.slack.fit import TEXT
from bot.slack.texts import FOLDERS
from bot.slack.views import render

# What Slack acts upon: a mention, a channel, a link, a special. Dates and real ids are ours.
_ACTIVE = re.compile(r"<([^>]*)>")
_OURS = re.compile(
    r"!date\^\d+\^\{date_short(?:_pretty)?\} \{time\}\|[0-9: -]+ UTC|@U0[A-Z]+|!subteam\^S0(?:DBAS|APPROVERS)"
)


def words(rendered: Rendered) -> str:
    """Everything that Slack would read as mrkdwn."""
    found = [rendered.text]
    for block in rendered.blocks:
        found += [block["text"]["text"]] if "text" in block else []
        found += [e["text"] for e in block.get("elements", []) if block["type"] == "context"]
    return "\n".join(found)


@pytest.mark.parametrize("name", VIEWS)
def test_every_message_is_within_slacks_limits(name: str) -> None:
    rendered = render(VIEWS[name], AROUND)
    assert problems(rendered.blocks, Surface.MESSAGE) == []
    assert 0 < len(rendered.text) <= TEXT
    assert rendered.blocks


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_untrusted_pings_or_links(name: str) -> None:
    active = _ACTIVE.findall(words(render(VIEWS[name], AROUND)))
    assert [one for one in active if not _OURS.fullmatch(one)] == []


@pytest.mark.parametrize("name", VIEWS)
def test_slack_makes_no_links_of_its_own(name: str) -> None:
    for block in render(VIEWS[name], AROUND).blocks:
        texts = [block["text"]] if "text" in block else []
        texts += block["elements"] if block["type"] == "context" else []
        assert all(text["verbatim"] for text in texts if text["type"] == "mrkdwn")


@pytest.mark.parametrize("name", VIEWS)
def test_buttons_carry_ids_and_nothing_else(name: str) -> None:
    for block in render(VIEWS[name], AROUND).blocks:
        for element in block["elements"] if block["type"] == "actions" else []:
            assert re.fullmatch(r"[A-Za-z0-9:._/-]{1,200}", element["value"])


@pytest.mark.parametrize("name", HOMES)
def test_every_home_tab_is_within_slacks_limits_and_harmless(name: str) -> None:
    rendered = render(HOMES[name], AROUND)
    assert problems(rendered.blocks, Surface.HOME) == []
    active = _ACTIVE.findall(words(rendered))
    assert [one for one in active if not _OURS.fullmatch(one)] == []
    assert all(re.fullmatch(r"[A-Za-z0-9:._/-]{1,200}", one["value"]) for one in pressed(rendered))


def pressed(rendered: Rendered) -> list[dict[str, Any]]:
    """Every button of a message or tab."""
    found = [
        element for block in rendered.blocks if block["type"] == "actions" for element in block["elements"]
    ]
    return found + [block["accessory"] for block in rendered.blocks if "accessory" in block]


def test_a_home_tab_offers_what_the_role_allows() -> None:
    def offered(name: str) -> set[str]:
        return {one["text"]["text"] for one in pressed(render(HOMES[name], AROUND))}

    assert offered("home of a stranger") == set()
    assert offered("home of a viewer") == {"Status", "Report", "Details"}
    assert offered("home of an operator") == {
        "Status",
        "Report",
        "Back up now",
        "Prove the newest",
        "I take it",
    }
    assert offered("home of an approver") == {"Status", "Report", "Read it"}


def test_a_stranger_reads_nothing_of_the_databases() -> None:
    text = words(render(HOMES["home of a stranger"], AROUND))
    assert "no role here yet" in text
    assert "cruzonic" not in text


def test_a_report_says_the_verdict_first() -> None:
    def first(name: str) -> str:
        return render(VIEWS[name], AROUND).text.splitlines()[0]

    assert first("report").startswith("*All well:* 2 databases, the newest data of each at most 5 h old")
    assert first("report with trouble") == "*1 of 2 databases needs a look*"
    assert first("report without the storage").startswith("*Not everything could be seen.*")
    assert first("report of a lost archive") == "*1 of 1 database needs a look*"
    assert first("report of no database") == "*No database is configured yet.*"


def test_a_report_has_what_was_measured_and_names_gaps_by_date() -> None:
    text = words(render(VIEWS["report's details with trouble"], AROUND))
    for part in (
        "*RPO over 30 days:* at most 2 d 3 h of data at risk, allowed 1 d 2 h: missed 3 times, worst",
        "*RTO over 30 days:* 1 restore test, the slowest took 5 h, allowed 4 h: missed",
        "*Six months, critical:* 171 of 175, 26 of them in a full backup; missing 1 Nov, 24 to 26 Jul",
        "; the schedule is known since 30 May 2026",
        "4,400 of 4,416; missing 12 Nov 20:30 to 13 Nov 01:30, 3 Nov 20:30, ",
        "*Kept:* 236 backups, 9.9 GB; 1.6 GB of it in the last 30 days",
        "`monthly-test` paused",
    ):
        assert part in text


def test_a_verdict_says_what_was_asked_of_it() -> None:
    text = words(render(VIEWS["stored"], AROUND))
    for part in ("Stored: full backup of `cruzonic`", "46.4 MB in 1 min 12 s", "200,123 rows in 15 tables"):
        assert part in text
    for part in ("ab12cd34ef56…", "s3://cruzonic-backups/", "Server 17.10, client 17.10", "<@U0OMAR>"):
        assert part in text


def test_a_failure_says_cause_next_step_what_is_left_and_whom_to_ask() -> None:
    text = words(render(BackupMessage(FAILED, last_good=STORED), AROUND))
    for part in ("held the table public.drivers", "Wait for the migration", "left no backup", "Night desk"):
        assert part in text
    assert "log id `a1b2c3d4`" in text
    assert "Never shown first" not in text


def test_the_words_of_goodness_are_told_apart() -> None:
    for name, word in (
        ("stored", "Stored"),
        ("stored checked", "Checked"),
        ("stored proved", "Proved"),
        ("stored and gone", "Gone"),
        ("stored and damaged", "Damaged"),
    ):
        assert render(VIEWS[name], AROUND).text.startswith(f"*{word}:")


def test_help_shows_what_the_role_may_do() -> None:
    def shown(*roles: Role) -> str:
        return words(render(HelpView("/backup", actor(*roles), ("cruzonic",)), AROUND))

    assert "`/backup cancel ID`" in shown(Role.OPERATOR)
    assert "/backup now" in shown(Role.ADMINISTRATOR)
    for part in ("/backup now", "/backup check", "/backup cancel"):
        assert part not in shown(Role.VIEWER)


def test_long_parts_come_whole_as_a_file() -> None:
    snippet = render(VIEWS["worst details"], AROUND).snippet
    assert snippet is not None
    assert snippet.content.count("\N{DELIVERY TRUCK}" * 15) >= 300
    assert render(VIEWS["details"], AROUND).snippet is not None  # it has more tables than are shown
    assert render(VIEWS["details of a failure"], AROUND).snippet is None


def test_status_shows_problems_first() -> None:
    text = render(VIEWS["status"], AROUND).text
    assert text.index("needs a look") < text.index("Late:* there is no critical") < text.index("Runs now")


def test_every_template_is_used_by_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.slack import texts

    used: set[str] = set()
    real = texts.environment().get_template

    def noting(name: str, *args: object, **kwargs: object) -> object:
        used.add(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(texts.environment(), "get_template", noting)
    for view in (*VIEWS.values(), *HOMES.values()):
        render(view, AROUND)
    assert {path.name for folder in FOLDERS for path in folder.iterdir()} - used == set()


def test_an_unknown_view_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="datetime has no message"):
        render(NOW, AROUND)


def test_a_restore_tests_verdict_comes_first_and_has_the_procedures_form() -> None:
    lines = render(VIEWS["restore test failed"], AROUND).text.splitlines()
    assert lines[0].startswith("*FAIL: restore test")
    for part in ("Date: ", "Backup size: 46.4 MB", "Restore time: 30 s", "Verification: FAIL", "Issues: 2"):
        assert any(line.startswith(part) for line in lines), part
    text = "\n".join(lines)
    assert text.index("ROWS_MISSING") < text.index("CHECK_NOT_RUN") < text.index("sparewheel_test_t1t2t3t4")


def test_the_report_is_a_markdown_file_in_the_thread() -> None:
    snippet = render(VIEWS["restore test's report"], AROUND).snippet
    assert snippet is not None
    assert snippet.filename == "restore-test-t1t2t3t4.md"
    assert "- Verification: FAIL\n- Issues: ROWS_MISSING, CHECK_NOT_RUN" in snippet.content


def test_the_status_says_when_it_was_proved_and_how_long_it_takes() -> None:
    text = render(VIEWS["status with a proof"], AROUND).text
    assert "last proved 3 d ago; bringing it back takes about 2 min (measured in 3 restore tests)" in text
    assert "may take 1 min: too slow" in text
    assert (
        "never proved; how long bringing it back takes was not measured yet"
        in render(VIEWS["status"], AROUND).text
    )


def test_a_pass_says_what_was_only_counted() -> None:
    passed = VIEWS["restore test passed"]
    assert isinstance(passed, RestoreTestMessage)
    assert "objects, row counts and content." in words(render(passed, AROUND))
    note = Finding("COUNTED_ONLY", Severity.NOTE, "13 tables with rows were counted only; not compared.")
    counted = replace(passed, test=replace(passed.test, findings=(note,)))
    text = words(render(counted, AROUND))
    assert "with one exception: 13 tables with rows were counted only; not compared." in text
    assert "row counts and content." not in text


def test_a_restore_test_is_asked_for_by_its_own_id() -> None:
    asked = VIEWS["asked for a restore test"]
    assert isinstance(asked, Asked)
    assert asked.test is not None
    assert f"the test's id is `{asked.test.test.id}`" in words(render(asked, AROUND))


def test_what_stands_in_for_a_late_backup_is_said() -> None:
    status = VIEWS["status with figures"]
    assert isinstance(status, StatusView)
    full = replace(STORED, id="f0f1f2f3")
    late = KindStatus(Kind.CRITICAL, None, timedelta(hours=26), covered_by=full)
    shown = StatusView([replace(status.databases[0], kinds=(late,))], NOW)
    text = words(render(shown, AROUND))
    assert (
        "there is no critical backup at all, and one may be at most 1 d 2 h old; what it would hold is in the"
        in text
    )
    assert "full backup `f0f1f2f3`" in text


def test_one_that_is_gone_is_marked_wherever_it_is_named() -> None:
    text = words(render(BackupList([GONE], 1, None, None, NOW), AROUND))
    assert "*Gone:* full backup of `cruzonic`, id `g0g1g2g3`" in text
    assert "It does not count as a backup. Somebody deleted its archive" in text
    status = words(render(VIEWS["status of a lost archive"], AROUND))
    assert "Gone: the full backup `g0g1g2g3`" in status
    assert "Damaged: the full backup `d0d1d2d3`" in status
    assert "2 others gone or damaged, not counted" in status
    assert "It does not count as a backup." in words(render(VIEWS["details of one that is gone"], AROUND))
