"""A check of a stored backup, as every part of the product reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.backup import BackupRecord


@dataclass(frozen=True)
class CheckMessage:
    """The message of `/backup check`: under way while `finished_at` is None, then the verdict.

    `verdict` is "PASS", "FAIL" or "COULD NOT VERIFY"; sizes in bytes.
    """

    check_id: str
    record: BackupRecord
    requested_user: str
    started_at: datetime
    finished_at: datetime | None = None
    bytes_read: int = 0
    bytes_expected: int = 0
    verdict: str | None = None
    findings: Sequence[str] = ()  # sentences, worst first
    channel: str | None = None  # where it was asked for in Slack
    read_through: str | None = None  # what reading the archive meant, e.g. "4 tables with rows, 31 entries"
