from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.backup import TableName
from bot.core.manifest import MANIFEST_VERSION, Archive, Manifest, Omission, TableRecord, from_json

ARCHIVE = Archive(
    key="sparewheel/manual/cruzonic/full/x.dump",
    location="s3://b/x.dump",
    version_id="v1",
    size_bytes=10,
    sha256="ab" * 32,
    part_sha256s=("YQ==",),
    composite_sha256="Yg==-1",
    format="custom",
    compression="zstd:3",
)


def table(name: str, *, rows: int | None, kind: str = "table", dumped: bool = True) -> TableRecord:
    return TableRecord("public", name, kind, "critical", None, rows, None, None, dumped, 8192)


MANIFEST = Manifest(
    id="a1b2c3d4",
    database="cruzonic",
    kind="full",
    format="custom",
    snapshot_at="2026-01-01T00:00:00+00:00",
    finished_at="2026-01-01T00:00:05+00:00",
    requested_by="slack:T0/U0",
    server={"version": "17.10"},
    client={"version": "17.10"},
    archives=(ARCHIVE, replace(ARCHIVE, size_bytes=5)),
    tables=(
        table("eld_events", rows=30, kind="partitioned"),
        table("eld_events_2026_01", rows=10),
        table("eld_events_2026_02", rows=20),
        table("unreadable", rows=None),
        table("left_out", rows=99, dumped=False),
    ),
    omitted=(Omission("table", "vault.secrets", "The role may not read it."),),
    inventory={"views": []},
    roles_sql="CREATE ROLE x;",
    settings={"TimeZone": "UTC"},
    warnings=("one",),
)


def test_a_manifest_comes_back_as_it_was() -> None:
    assert from_json(MANIFEST.to_json()) == MANIFEST


def test_the_json_is_that_of_the_plain_fields_in_order() -> None:
    plain = json.dumps(asdict(MANIFEST), ensure_ascii=False, indent=1, sort_keys=True)
    assert MANIFEST.to_json() == plain.encode()


def test_what_has_no_place_in_a_manifest_is_refused() -> None:
    with pytest.raises(TypeError, match="TableName"):
        replace(MANIFEST, settings={"table": TableName("public", "eld_events")}).to_json()


def test_equal_manifests_give_equal_bytes() -> None:
    turned = replace(MANIFEST, server=dict(reversed(list({"a": 1, "b": 2}.items()))))
    assert turned.to_json() == replace(MANIFEST, server={"a": 1, "b": 2}).to_json()


def test_rows_count_leaves_once_and_only_what_was_dumped() -> None:
    assert MANIFEST.rows == 30
    assert MANIFEST.size_bytes == 15


@given(name=st.text(min_size=1, max_size=63), sql=st.text(max_size=200))
def test_any_text_survives(name: str, sql: str) -> None:
    manifest = replace(MANIFEST, tables=(table(name, rows=1),), roles_sql=sql)
    assert from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize("version", [MANIFEST_VERSION + 1, None, "1"])
def test_a_manifest_of_an_unknown_version_is_refused(version: object) -> None:
    raw = json.loads(MANIFEST.to_json()) | {"version": version}
    with pytest.raises(ValueError, match="not known here"):
        from_json(json.dumps(raw).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff"])
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        from_json(data)


def test_a_name_is_quoted_so_that_it_is_no_pattern() -> None:
    assert TableName("public", 'Rob"ert*').quoted() == '"public"."Rob""ert*"'
