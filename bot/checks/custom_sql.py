"""The configuration's own questions to a restored database are answered as expected."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from bot.checks import asking, rules
from bot.checks.interface import Restored
from bot.core.expectation import parse_expectation
from bot.core.finding import Finding
from bot.settings import CheckSettings


class CustomSql:
    """Runs each question read only and for a limited time. Answers are compared, and never repeated."""

    name = "custom SQL"

    def run(self, restored: Restored) -> Sequence[Finding]:
        """Say which questions were answered otherwise, and which not at all."""
        return [f for question in restored.settings.checks for f in _ask(restored, question)]


def _ask(restored: Restored, question: CheckSettings) -> list[Finding]:
    try:
        answer = asking.configured(restored.connection, question.sql, question.timeout)
        if len(answer) != 1:
            return [_not_run(question, "it did not answer with a single value")]
        holds = parse_expectation(question.expect).holds(answer[0])
    except (asking.NoSingleRowError, TypeError):
        return [_not_run(question, f"it did not answer with one value that can be {question.expect}")]
    except psycopg.Error as error:
        if restored.connection.closed:
            raise
        return [_not_run(question, asking.cause(error))]
    if holds:
        return []
    sentence = f"The check {question.name!r} did not get an answer that is {question.expect}."
    return [rules.finding("CUSTOM_CHECK_FAILED", sentence, subject=question.name)]


def _not_run(question: CheckSettings, why: str) -> Finding:
    return rules.finding(
        "CUSTOM_CHECK_NOT_RUN", f"The check {question.name!r} got no answer: {why}.", subject=question.name
    )
