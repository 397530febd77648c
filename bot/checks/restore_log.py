"""Every line that the restore said is accounted for; the same one said many times is one finding."""

from __future__ import annotations

from collections.abc import Sequence

from bot.checks import rules
from bot.checks.interface import Restored
from bot.core.finding import Finding
from bot.postgres.restore_log import LogLine

_NAMED = 3


class RestoreLogCheck:
    """Turns the classified lines into findings."""

    name = "restore log"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """One finding for each kind of line, with what it was about."""
        groups: dict[tuple[str, str, str], list[LogLine]] = {}
        for line in restored.log.lines:
            groups.setdefault((line.rule, line.severity, line.text_redacted), []).append(line)
        return [_finding(lines) for lines in groups.values()]


def _finding(lines: Sequence[LogLine]) -> Finding:
    first = lines[0]
    rule = rules.by_name().get(first.rule)
    objects = list(dict.fromkeys(line.object for line in lines if line.object))
    return Finding(
        rule=first.rule,
        severity=first.severity,
        sentence=f"{first.text_redacted[:1].upper()}{first.text_redacted[1:]}{_where(lines, objects)}.",
        next_step=rule.next_step if rule else "",
        subject=objects[0] if len(objects) == 1 else None,
        check=RestoreLogCheck.name,
    )


def _where(lines: Sequence[LogLine], objects: Sequence[str]) -> str:
    times = f", {len(lines)} times" if len(lines) > 1 else ""
    if not objects:
        return times
    shown = "; ".join(objects[:_NAMED])
    more = f"; and {len(objects) - _NAMED} more" if len(objects) > _NAMED else ""
    return f"{times} ({shown}{more})"
