"""Progress on a terminal, as plain lines elsewhere, and what Ctrl-C means while something runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.core.backup import BackupRecord, State
from bot.core.check import CheckMessage
from bot.core.restore_test import RestoreTestMessage
from bot.core.restore_test import Step as TestStep
from bot.core.units import count_text, plural, size_text

_LINE_SECONDS = 10.0


@dataclass(frozen=True)
class Step:
    """Where something stands: a label, `done` of `expected` (0: unknown), and a few words more."""

    label: str
    done: int
    expected: int
    note: str


Show = Callable[[Step], None]


def of_backup(record: BackupRecord) -> Step:
    """A backup's row in the ledger as a step."""
    label = record.phase.value if record.phase else "beginning"
    if record.state is not State.RUNNING:
        label = record.state.value
    rows = f"{count_text(record.rows_done)} rows"
    if record.rows_expected and record.rows_done > record.rows_expected:
        rows += ", more than expected"
    elif record.rows_expected:
        rows = f"{count_text(record.rows_done)} of about {plural(record.rows_expected, 'row')}"
    note = f"{rows}, {size_text(record.bytes_out)} out"
    return Step(label, record.rows_done, record.rows_expected, note)


def of_check(message: CheckMessage) -> Step:
    """A check as a step."""
    note = f"{size_text(message.bytes_read)} of {size_text(message.bytes_expected)}"
    return Step("reading the archive back", message.bytes_read, message.bytes_expected, note)


def of_restore_test(message: RestoreTestMessage) -> Step:
    """A restore test as a step."""
    test = message.test
    note = ""
    if test.step is TestStep.FETCHING:
        note = f"{size_text(test.done)} of {size_text(test.expected)}"
    elif test.step is TestStep.RESTORING and test.done:
        more = test.done > test.expected
        note = size_text(test.done) + (
            ", more than expected" if more else f" of about {size_text(test.expected)}"
        )
    elif test.step is TestStep.CHECKING:
        note = f"{count_text(test.done)} of {plural(test.expected, 'check')}"
    return Step((test.step or TestStep.WAITING).value, test.done, test.expected, note)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Show]:
    """Something to call with each step, from any thread: a bar on a terminal, else lines on stderr."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Show]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None, note="")

        def show(step: Step) -> None:
            total = max(step.expected, step.done) or None
            bar.update(task, description=step.label, completed=step.done, total=total, note=step.note)

        yield show


def _lines() -> Show:
    said_label, said_at = "", 0.0

    def show(step: Step) -> None:
        nonlocal said_label, said_at
        now = time.monotonic()
        if step.label == said_label and now - said_at < _LINE_SECONDS:
            return
        said_label, said_at = step.label, now
        click.echo(f"{step.label}: {step.note}", err=True)

    return show
