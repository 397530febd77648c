"""The one message of a restore test, from the request to its verdict, and the report in its thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.finding import Finding, Severity
from bot.core.people import Action
from bot.core.restore_test import RestoreTestDetails, RestoreTestMessage, Step, worst_first
from bot.core.verdict import Verdict
from bot.services import reports
from bot.services.views import RestoreTestHelp, StopTestView
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, Snippet, actions, button, confirm
from bot.slack.buttons import DETAILS, PROVE, STOP_TEST
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import (
    SHOWN,
    Surroundings,
    bar,
    contact_lines,
    message,
    render,
    short_sha,
    what,
    who_asked,
)

_MEANINGS = {
    Verdict.PASS: "It was restored, and what came back is what went in: objects, row counts and content.",
    Verdict.FAIL: "Do not rely on this backup. Read the findings, and take a new one now.",
    Verdict.COULD_NOT_VERIFY: "This says nothing against the backup, and nothing for it.",
}
# Without it a PASS says more than was looked at.
_COUNTED = "It was restored, and objects and row counts are what went in. Content too, with one exception:"
_SIGNS = {Severity.FAIL: "FAIL", Severity.UNVERIFIED: "not verified", Severity.NOTE: "note"}


@render.register
def _(view: RestoreTestMessage, around: Surroundings) -> Rendered:
    test = view.test
    values: dict[str, Any] = {
        "view": view,
        "test": test,
        "record": view.backup,
        "what": what(view.backup),
        "who": who_asked(test.requested_user, test.source),
        "which": which(view),
        "age": view.age.total_seconds() if view.age else None,
    }
    if test.state == "queued":
        return message("restore_test_queued", values, _stop_button(view))
    if test.verdict is None:
        return message("restore_test_running", values | _running(view), _stop_button(view))
    return message("restore_test_done", values | _done(view, around), _buttons(view))


def which(view: RestoreTestMessage) -> Mrkdwn:
    """Which backup this is: what was asked for by name, or the newest of a kind."""
    if view.test.asked_for.startswith("latest "):
        kind = view.test.asked_for.removeprefix("latest ")
        return Mrkdwn(f"the newest stored {mrkdwn.plain(kind)} backup when it was asked for")
    return Mrkdwn("asked for by its id")


def _running(view: RestoreTestMessage) -> dict[str, Any]:
    test = view.test
    spent = (view.now - test.started_at).total_seconds() if view.now and test.started_at else None
    return {
        "step": (test.step or Step.WAITING).value,
        "bar": bar(test.done, test.expected),
        "fetching": test.step is Step.FETCHING,
        "restoring": test.step is Step.RESTORING and test.done > 0,
        "checking": test.step is Step.CHECKING,
        "elapsed": spent,
    }


def _done(view: RestoreTestMessage, around: Surroundings) -> dict[str, Any]:
    test = view.test
    assert test.verdict is not None
    findings = worst_first(test.findings)
    serious = [f for f in findings if f.severity is not Severity.NOTE]
    return {
        "verdict": test.verdict.value,
        "meaning": meaning(test.verdict, findings),
        "findings": [_line(finding) for finding in serious[:SHOWN]],
        "more": max(len(serious) - SHOWN, 0),
        "issues": len(serious),
        "notes": len(findings) - len(serious),
        "sha": short_sha(view.backup),
        "times": test.times,
        "rto": view.rto.total_seconds() if view.rto else None,
        "in_time": reports.in_time(view),
        "contacts": contact_lines(around.contacts) if test.verdict is Verdict.FAIL else [],
    }


def meaning(verdict: Verdict, findings: Sequence[Finding]) -> str:
    """What a verdict says about the backup, and where it says less."""
    counted = next((f.sentence for f in findings if f.rule == "COUNTED_ONLY"), None)
    return f"{_COUNTED} {counted}" if verdict is Verdict.PASS and counted else _MEANINGS[verdict]


def _line(finding: Finding) -> Mrkdwn:
    """Severity, rule, one sentence, what to do."""
    step = f" _Now:_ {mrkdwn.prose(finding.next_step)}" if finding.next_step else ""
    head = f"{_SIGNS[finding.severity]} {mrkdwn.code(finding.rule)}"
    return Mrkdwn(f"{head} {texts.sentence(finding.sentence)}{step}")


def _stop_button(view: RestoreTestMessage) -> list[Block]:
    if view.test.cancel_requested_by:
        return []
    sure = confirm(
        "Stop this restore test?",
        "It will say COULD NOT VERIFY. No backup is touched.",
        "Stop it",
        "Let it run",
    )
    return [actions([button("Cancel", STOP_TEST, view.test.id, confirm=sure)])]


def _buttons(view: RestoreTestMessage) -> list[Block]:
    about = button("About the backup", DETAILS, view.backup.id)
    if view.test.verdict is Verdict.COULD_NOT_VERIFY:
        return [actions([button("Test again", PROVE, view.backup.id), about])]
    return [actions([about])]


@render.register
def _(view: RestoreTestDetails, around: Surroundings) -> Rendered:
    del around
    told = view.message
    values = {
        "test": told.test,
        "record": told.backup,
        "what": what(told.backup),
        "findings": [_line(finding) for finding in worst_first(told.test.findings)[: 3 * SHOWN]],
        "times": told.test.times,
    }
    report = Snippet(
        f"restore-test-{told.test.id}.md",
        f"Restore test {told.test.id} of backup {told.backup.id}",
        reports.markdown(told),
    )
    return message("restore_test_details", values, snippet=report)


@render.register
def _(view: StopTestView, around: Surroundings) -> Rendered:
    del around
    values = {"test": view.message.test, "what": what(view.message.backup), "was_queued": view.was_queued}
    return message("restore_test_cancel", values)


@render.register
def _(view: RestoreTestHelp, around: Surroundings) -> Rendered:
    del around
    values = {
        "command": view.command,
        "databases": view.databases,
        "may_test": view.actor.may(Action.RESTORE_TEST),
    }
    return message("restore_test_help", values)
