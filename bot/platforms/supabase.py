"""Supabase: its schemas and roles, its three kinds of address, and which of them keeps a session."""

from __future__ import annotations

import re

from bot.errors import LoginRefusedError, PoolerError, SparewheelError, UnreachableError
from bot.platforms.interface import NOT_KNOWN, OwnBackups, Place

_TRANSACTION_PORT = 6543
_SESSION_PORT = 5432
_DIRECT = re.compile(r"db\.(?P<ref>[a-z0-9]{1,40})\.supabase\.(?:co|com|net|red)", re.IGNORECASE)
_POOLER = re.compile(r"[a-z0-9-]+\.pooler\.supabase\.(?:co|com|net)", re.IGNORECASE)

# Source: the schemas and roles of a fresh project, as the supabase/postgres image makes them.
_SCHEMAS = frozenset(
    {
        "_analytics", "_realtime", "_supavisor", "auth", "cron", "extensions", "graphql", "graphql_public",
        "net", "pgbouncer", "pgmq", "pgsodium", "pgsodium_masks", "pgtle", "realtime", "repack", "storage",
        "supabase_functions", "tiger", "tiger_data", "topology", "vault",
    }
)  # fmt: skip
_ROLES = frozenset(
    {
        "anon", "authenticated", "authenticator", "dashboard_user", "pgbouncer", "pgsodium_keyholder",
        "pgsodium_keyiduser", "pgsodium_keymaker", "service_role",
    }
)  # fmt: skip

_MIGRATIONS = "supabase_migrations"
_CUSTOMERS_FILES = frozenset({"buckets", "objects", "s3_multipart_uploads", "s3_multipart_uploads_parts"})


class Supabase:
    """A hosted Supabase project, reached directly or through its pooler."""

    name = "supabase"

    def is_platform_schema(self, schema: str) -> bool:
        """Schemas that a fresh project has. `supabase_migrations` is the customer's history: not one."""
        return schema in _SCHEMAS

    def wants_tiers(self, schema: str) -> bool:
        """Not what a fresh project has, and not the list of migrations that its command line keeps."""
        return schema not in _SCHEMAS and schema != _MIGRATIONS

    def owner_is_platform(self, owner: str) -> bool:
        """Roles that Supabase makes; `postgres` is the customer's own."""
        return owner in _ROLES or (owner.startswith("supabase_") and owner != "supabase_migrations")

    def brings_rows(self, schema: str, table: str) -> bool:
        """People who log in and names of files are the customer's; the platform's own bookkeeping is not."""
        if schema == "auth":
            return table != "schema_migrations"
        return schema == "storage" and table in _CUSTOMERS_FILES

    def check_address(self, place: Place) -> None:
        """Refuse port 6543, the transaction pooler, on any of Supabase's hosts.

        Raises:
            PoolerError: with the session pooler's address.
        """
        ours = _DIRECT.fullmatch(place.host) or _POOLER.fullmatch(place.host)
        if not ours or place.port != _TRANSACTION_PORT:
            return
        raise PoolerError(
            f"Port {_TRANSACTION_PORT} on {place.host} is Supabase's transaction pooler: it does not keep a "
            "session, and a backup needs one from beginning to end.",
            next_step=_use_session_pooler(place),
        )

    def next_step(self, error: SparewheelError, place: Place) -> str | None:
        """Direct hosts have IPv6 addresses only on most plans; the pooler wants the project in the user."""
        if isinstance(error, PoolerError):
            return _use_session_pooler(place)
        if isinstance(error, UnreachableError) and _DIRECT.fullmatch(place.host):
            return (
                f"Supabase's direct host {place.host} has an IPv6 address only on most plans. "
                + _use_session_pooler(place)
            )
        if isinstance(error, LoginRefusedError) and _POOLER.fullmatch(place.host) and "." not in place.user:
            return (
                f"Through Supabase's pooler the user is {place.user}.<project ref>, not {place.user} alone."
            )
        return None

    def own_backups(self, place: Place) -> OwnBackups:  # noqa: ARG002 - the seam's signature
        """Supabase's daily backups are listed by its management API only, which wants a token of its own."""
        return NOT_KNOWN


def _use_session_pooler(place: Place) -> str:
    """The address that works, filled in as far as the one given tells."""
    direct = _DIRECT.fullmatch(place.host)
    host = place.host if _POOLER.fullmatch(place.host) else "<the pooler host under Connect in the dashboard>"
    user = place.user if "." in place.user else f"{place.user}.{direct['ref'] if direct else '<project ref>'}"
    return f"Use the session pooler: host {host}, port {_SESSION_PORT}, user {user}."
