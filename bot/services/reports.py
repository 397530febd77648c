"""The full report of a restore test as Markdown: what the procedure's form asks for, and more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core import units
from bot.core.finding import Finding, Severity
from bot.core.restore_test import RestoreTestMessage, worst_first
from bot.core.verdict import Verdict

_HEADINGS = {
    Severity.FAIL: "What is wrong",
    Severity.UNVERIFIED: "What could not be verified",
    Severity.NOTE: "Notes",
}


def in_time(view: RestoreTestMessage) -> bool | None:
    """Whether download, restore and verification stayed within the RTO; None where either is not known."""
    times = view.test.times
    if view.rto is None or times.recovery is None:
        return None
    return times.recovery + (times.verify or 0.0) <= view.rto.total_seconds()


def markdown(view: RestoreTestMessage) -> str:
    """The report; its sentences hold no row of data."""
    return "\n".join([*_form(view), "", *_facts(view), *_findings(view)]) + "\n"


def _form(view: RestoreTestMessage) -> Iterator[str]:
    """The five lines of the written procedure, and the verdict above them."""
    test = view.test
    verdict = test.verdict.value if test.verdict else "under way"
    serious = [f for f in worst_first(test.findings) if f.severity is not Severity.NOTE]
    yield f"# {verdict}: restore test {test.id}"
    yield ""
    yield f"- Date: {test.finished_at:%Y-%m-%d}" if test.finished_at else "- Date: not over yet"
    yield f"- Backup size: {units.size_text(view.backup.size_bytes or 0)}"
    yield f"- Restore time: {seconds(test.times.restore)}"
    yield f"- Verification: {verdict}"
    yield f"- Issues: {', '.join(dict.fromkeys(f.rule for f in serious)) if serious else 'None'}"


def _facts(view: RestoreTestMessage) -> Iterator[str]:
    test, backup = view.test, view.backup
    age = units.duration_text(view.age.total_seconds()) if view.age else "not known"
    budget = units.duration_text(view.rto.total_seconds()) if view.rto else "none configured"
    pairs = [
        (
            "backup",
            f"`{backup.id}`, {backup.kind.value} of `{backup.database}`, asked for as {test.asked_for}",
        ),
        ("as the database was", f"{backup.snapshot_at:%Y-%m-%d %H:%M:%S} UTC" if backup.snapshot_at else "-"),
        ("age when tested", age),
        ("archive", f"`{_plain(backup.location)}`"),
        ("version", f"`{_plain(test.archive_version_id)}`"),
        ("SHA-256", f"`{_plain(test.archive_sha256)}`"),
        ("download", seconds(test.times.download)),
        ("restore", seconds(test.times.restore)),
        ("verify", seconds(test.times.verify)),
        ("all of it may take (RTO)", budget),
        ("way", test.way),
        ("asked for by", _plain(test.requested_by)),
        ("proof", f"`{_plain(test.proof_key)}`"),
    ]
    if test.kept_until and test.verdict is Verdict.FAIL:
        kept = f"`{test.scratch}` until {test.kept_until:%Y-%m-%d %H:%M} UTC"
        pairs.append(("scratch database kept", kept))
    yield "| | |"
    yield "| --- | --- |"
    yield from (f"| {name} | {value} |" for name, value in pairs)


def _findings(view: RestoreTestMessage) -> Iterator[str]:
    for severity, heading in _HEADINGS.items():
        found = [f for f in view.test.findings if f.severity is severity]
        if found:
            yield from ("", f"## {heading}", "")
            yield from _listed(found)


def _listed(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        about = f" ({_plain(finding.subject)})" if finding.subject else ""
        step = f" **Now:** {_plain(finding.next_step)}" if finding.next_step else ""
        yield f"- `{finding.rule}`{about}: {_plain(finding.sentence)}{step}"


def seconds(taken: float | None) -> str:
    """A span for people; `not reached` where the step was not."""
    return "not reached" if taken is None else units.duration_text(taken)


def _plain(text: str | None) -> str:
    """Untrusted names on one line, without what would close a table's cell or a code span."""
    kept = "".join(c if c.isprintable() else " " for c in text or "-")
    return kept.replace("|", "\\|").replace("`", "'")
