"""Views as JSON for scripts: the dataclasses' own field names, times in ISO 8601."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bot.core.backup import BackupRecord
from bot.errors import SparewheelError


def dumps(view: object) -> str:
    """Any view or record as indented JSON."""
    return json.dumps(_plain(view), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one return a type reads better than a chain
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, SparewheelError):
        return {"rule": value.rule, "sentence": value.sentence, "next_step": value.next_step}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        seen = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return seen | {"goodness": value.goodness} if isinstance(value, BackupRecord) else seen
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)
