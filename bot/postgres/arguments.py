"""pg_dump's argument list: exact names, no secret, and a filter on stdin where it would grow too long."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.backup import Format, TableName
from bot.errors import DumpFailedError
from bot.postgres.address import Address
from bot.postgres.clients import Client

_LONG_BYTES = 100 * 1024
_FIRST_WITH_FILTER = 17
_LEAST_ARG_MAX = 128 * 1024
_GZIP_HIGHEST = 9


@dataclass(frozen=True)
class DumpOptions:
    """What is dumped and how. `lock_timeout_s` in seconds, 0 waits for ever; names are exact."""

    snapshot_id: str | None
    format: Format = Format.CUSTOM
    compression_level: int = 3
    schema_only: bool = False
    large_objects: bool = True
    exclude_relations: tuple[TableName, ...] = ()
    exclude_schemas: tuple[str, ...] = ()
    exclude_data: tuple[TableName, ...] = ()
    lock_timeout_s: float = 30.0


@dataclass(frozen=True)
class Arguments:
    """The list, and what goes to stdin (empty: nothing)."""

    arguments: tuple[str, ...]
    filter_lines: bytes = b""


def quoted(name: str) -> str:
    """One name as pg_dump's pattern for exactly that name."""
    return '"' + name.replace('"', '""') + '"'


def make(client: Client, address: Address, options: DumpOptions) -> Arguments:
    """The arguments for these options.

    Raises:
        DumpFailedError: more names than an argument list can hold, and a client without --filter.
    """
    excluded = [
        *(("schema", quoted(schema)) for schema in options.exclude_schemas),
        *(("table", table.quoted()) for table in options.exclude_relations),
        *(("table_data", table.quoted()) for table in options.exclude_data),
    ]
    fixed = _fixed(client, address, options)
    as_options = [f"--exclude-{what.replace('_', '-')}={pattern}" for what, pattern in excluded]
    length = sum(len(os.fsencode(option)) + 9 for option in as_options)  # a pointer and a zero byte each
    if length <= _LONG_BYTES:
        return Arguments((*fixed, *as_options))
    if client.major >= _FIRST_WITH_FILTER:
        return _filtered(fixed, excluded)
    if length > max(os.sysconf("SC_ARG_MAX") // 2, _LEAST_ARG_MAX):
        raise DumpFailedError(
            f"{len(excluded)} names have to be left out, more than pg_dump {client.major} takes.",
            next_step=f"Install a client package of version {_FIRST_WITH_FILTER} or newer.",
        )
    return Arguments((*fixed, *as_options))


def _fixed(client: Client, address: Address, options: DumpOptions) -> list[str]:
    made = [
        f"--dbname={address.child_conninfo()}",
        "--no-password",
        f"--format={options.format}",
        f"--lock-wait-timeout={round(options.lock_timeout_s * 1000)}",
    ]
    if options.format is Format.CUSTOM:
        level = options.compression_level
        gzip = str(min(level, _GZIP_HIGHEST))
        made.append(f"--compress=zstd:{level}" if client.zstd and level else f"--compress={gzip}")
    if options.snapshot_id:
        made.append(f"--snapshot={options.snapshot_id}")
    if options.schema_only:
        made.append("--schema-only")
    elif not options.large_objects:
        made.append("--no-blobs")  # the spelling that every client since 10 knows
    return made


def _filtered(fixed: Sequence[str], excluded: Sequence[tuple[str, str]]) -> Arguments:
    """Names on stdin, one a line. A carriage return has no spelling there: such a name stays an option."""
    lines: list[str] = []
    odd: list[str] = []
    for what, pattern in excluded:
        if "\r" in pattern:
            odd.append(f"--exclude-{what.replace('_', '-')}={pattern}")
        else:
            escaped = pattern.replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"exclude {what} {escaped}\n")
    return Arguments((*fixed, *odd, "--filter=-"), "".join(lines).encode())
