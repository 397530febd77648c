"""Samples of lists, statuses, help and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.backup import BackupRecord, Kind
from bot.core.people import Role
from bot.errors import DumpFailedError, NotAllowedError, UnreachableError, WordsError
from bot.gallery.samples.records import FAILED, RECORD, RUNNING, STORED, worst
from bot.gallery.samples.values import EVIL, LONG, NOW, actor
from bot.services.views import (
    BackupList,
    DatabaseStatus,
    HelpView,
    KindStatus,
    Recovery,
    Refusal,
    StatusView,
)


def _status(record: BackupRecord, name: str, failure: BackupRecord) -> DatabaseStatus:
    return DatabaseStatus(
        database=name,
        rpo=timedelta(hours=24),
        kinds=(
            KindStatus(Kind.FULL, record, timedelta(hours=1)),
            KindStatus(Kind.CRITICAL, None, timedelta(hours=48)),
            KindStatus(Kind.SCHEMA, None, None),
        ),
        running=(RUNNING, RECORD),
        last_failure=failure,
    )


def _proved(record: BackupRecord) -> DatabaseStatus:
    return replace(
        _status(record, "cruzonic", FAILED),
        rto=timedelta(minutes=1),
        proved_at=NOW - timedelta(days=3),
        recovery=Recovery(timedelta(minutes=2), 3),
    )


VIEWS: dict[str, object] = {
    "status with a proof": StatusView((_proved(STORED),), NOW),
    "list": BackupList((STORED, FAILED, RUNNING, RECORD), 40, "cruzonic", Kind.FULL, NOW),
    "empty list": BackupList((), 0, None, None, NOW),
    "status": StatusView((_status(STORED, "cruzonic", FAILED),), NOW, ("fleetnest could not be looked at.",)),
    "status of nothing": StatusView((), NOW),
    "status past its RPO": StatusView((_status(STORED, "cruzonic", FAILED),), NOW + timedelta(days=3)),
    "help for an operator": HelpView("/backup", actor(Role.OPERATOR), ("cruzonic", "fleetnest")),
    "help for a viewer": HelpView("/backup", actor(Role.VIEWER), ()),
    "refusal": Refusal(NotAllowedError("You may look, not back up.")),
    "refusal with a suggestion": Refusal(WordsError("That means nothing here."), "/backup now full cruzonic"),
    "an error itself": UnreachableError("The server does not answer."),
    "worst list": BackupList([worst(STORED, kind=Kind.TABLE)] * 25, 99_999, "d" * 40, Kind.TABLE, NOW),
    "worst status": StatusView(
        [_status(worst(STORED), "d" * 40, worst(FAILED))] * 60, NOW, (EVIL + LONG,) * 60
    ),
    "worst help": HelpView("/backup", actor(Role.VIEWER), ("d" * 40,) * 300),
    "worst refusal": Refusal(DumpFailedError(EVIL + LONG, next_step=EVIL + LONG), EVIL + LONG),
}
