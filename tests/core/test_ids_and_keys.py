"""Ids that people type, and where things lie."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core import keys
from bot.core.backup import Format, Kind
from bot.core.ids import looks_like_id, new_attempt, new_id

AT = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)


def test_an_id_is_easy_to_read_out() -> None:
    ids = {new_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(i) == 8 and looks_like_id(i) and not set(i) & set("ilou") for i in ids)


def test_attempts_differ() -> None:
    assert new_attempt() != new_attempt()


@pytest.mark.parametrize("text", ["", "abc", "abcdefghi", "abcd'; --", "ABCD", "../a"])
def test_what_is_no_id(text: str) -> None:
    assert not looks_like_id(text)


def test_an_archive_lies_under_its_prefix_and_its_day() -> None:
    key = keys.archive_key(
        root="sparewheel", prefix="weekly", database="cruzonic", kind=Kind.FULL, at=AT,
        backup_id="k7m2p9xq", archive_format=Format.CUSTOM,
    )  # fmt: skip
    assert key == "sparewheel/weekly/cruzonic/full/2026/03/01/20260301T020304Z-k7m2p9xq.dump"


def test_a_manifest_lies_outside_every_lifecycle_prefix() -> None:
    key = keys.manifest_key(root="sparewheel", database="cruzonic", at=AT, backup_id="k7m2p9xq")
    assert key == "sparewheel/manifests/cruzonic/20260301T020304Z-k7m2p9xq.json"


@pytest.mark.parametrize(
    ("kind", "schedule", "prefix"),
    [(Kind.FULL, None, "manual"), (Kind.SCHEMA, None, "schema"), (Kind.SAFETY, None, "safety"),
     (Kind.FULL, "weekly", "weekly")],
)  # fmt: skip
def test_lifecycle_prefixes(kind: Kind, schedule: str | None, prefix: str) -> None:
    assert keys.lifecycle_prefix(kind, schedule) == prefix
