"""A restore test as JUnit XML, for build servers: one case a check, a failure or an error a finding."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bot.core.finding import Finding, Severity
from bot.core.restore_test import RestoreTestMessage
from bot.core.verdict import Verdict

_TAGS = {Severity.FAIL: "failure", Severity.UNVERIFIED: "error"}


def document(view: RestoreTestMessage) -> bytes:
    """The XML, UTF-8. What could not be verified counts as an error, never as passed or skipped."""
    test = view.test
    cases: dict[str, list[Finding]] = {}
    for finding in test.findings:
        cases.setdefault(finding.check or "restore test", []).append(finding)
    serious = [f.severity for f in test.findings if f.severity in _TAGS]
    suite = ET.Element(
        "testsuite",
        name=f"restore test of {view.backup.database}",
        id=test.id,
        tests=str(len(cases) + 1),
        failures=str(serious.count(Severity.FAIL)),
        errors=str(serious.count(Severity.UNVERIFIED)),
        time=f"{_seconds(view):.3f}",
    )
    verdict = ET.SubElement(suite, "testcase", classname=_class(view), name="verdict")
    ET.SubElement(verdict, "system-out").text = _clean(
        f"{test.verdict or Verdict.COULD_NOT_VERIFY}: archive SHA-256 {test.archive_sha256 or 'not known'}"
    )
    for name, findings in cases.items():
        _case(suite, _class(view), name, findings)
    return bytes(ET.tostring(suite, encoding="utf-8", xml_declaration=True))


def _case(suite: ET.Element, classname: str, name: str, findings: list[Finding]) -> None:
    case = ET.SubElement(suite, "testcase", classname=classname, name=_clean(name))
    for finding in findings:
        text = _clean(f"{finding.rule}: {finding.sentence} {finding.next_step}".strip())
        tag = _TAGS.get(finding.severity)
        if tag is None:
            ET.SubElement(case, "system-out").text = text
        else:
            ET.SubElement(case, tag, type=finding.rule, message=_clean(finding.sentence)).text = text


def _class(view: RestoreTestMessage) -> str:
    return f"sparewheel.{view.backup.database}.{view.backup.id}"


def _seconds(view: RestoreTestMessage) -> float:
    return (view.test.times.recovery or 0.0) + (view.test.times.verify or 0.0)


def _clean(text: str) -> str:
    """XML 1.0 has no way to write most control characters."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in text)
