"""Making one role a member of another, in the words of either generation of servers."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

_OPTIONS_SINCE = 160000


def join(admin: Connection[Any], role: str, member: str | None) -> None:
    """Let `member` (None: whoever is connected) act as `role`, which this session's role has made.

    Raises psycopg.Error.
    """
    to = sql.SQL("current_user") if member is None else sql.Identifier(member)
    options = ""
    if admin.info.server_version >= _OPTIONS_SINCE:
        options = " with inherit true, set true"
    admin.execute(sql.SQL("grant {} to {}{}").format(sql.Identifier(role), to, sql.SQL(options)))
