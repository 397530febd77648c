"""Where in a bucket things lie. One root of ours; what others keep beside it is never touched."""

from __future__ import annotations

from datetime import datetime

from bot.core.backup import Format, Kind

_PREFIXES = {Kind.SCHEMA: "schema", Kind.SAFETY: "safety"}


def lifecycle_prefix(kind: Kind, scheduled: str | None) -> str:
    """The folder that lifecycle rules go by: what a schedule says (`weekly`, `daily`), else the kind's."""
    return scheduled or _PREFIXES.get(kind, "manual")


def archive_key(
    *, root: str, prefix: str, database: str, kind: Kind, at: datetime, backup_id: str, archive_format: Format
) -> str:
    """`<root>/<prefix>/<database>/<kind>/YYYY/MM/DD/<timestamp>Z-<id>.dump`, times in UTC."""
    day, stamp = at.strftime("%Y/%m/%d"), at.strftime("%Y%m%dT%H%M%SZ")
    return f"{root}/{prefix}/{database}/{kind}/{day}/{stamp}-{backup_id}{archive_format.suffix}"


def manifest_key(*, root: str, database: str, at: datetime, backup_id: str) -> str:
    """`<root>/manifests/<database>/<timestamp>Z-<id>.json`: outside every lifecycle rule."""
    return f"{root}/manifests/{database}/{at.strftime('%Y%m%dT%H%M%SZ')}-{backup_id}.json"


def proof_key(*, root: str, database: str, at: datetime, test_id: str) -> str:
    """`<root>/proofs/<database>/<timestamp>Z-<test id>.json`: one object a restore test, never an edit."""
    return f"{root}/proofs/{database}/{at.strftime('%Y%m%dT%H%M%SZ')}-{test_id}.json"
