"""Approvals in the ledger. Each change is one conditional UPDATE; its answer says whether it happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from bot.core.approvals import Approval, ApprovalState, Decision, Verdict
from bot.core.ids import new_id
from bot.core.people import Actor, Role
from bot.errors import NotFoundError
from bot.ledger.connection import LedgerConnection
from bot.ledger.statements import statements


@dataclass(frozen=True)
class NewApproval:
    """A request as it is written. `barred`: every identity that may not say yes."""

    topic: str
    subject: str
    content_hash: str
    title: str
    what: tuple[str, ...]
    why: str
    consequence: str
    requested: Actor
    person: str
    barred: frozenset[str]
    roles: frozenset[Role]
    needed: int
    channel: str | None
    expires_seconds: float


@dataclass(frozen=True)
class Voter:
    """Who decides, as the gate sees them: roles as they were looked up for this click."""

    actor: Actor
    person: str
    identities: frozenset[str]


def insert(conn: LedgerConnection, new: NewApproval) -> Approval:
    """Write a request that waits.

    Raises:
        psycopg.errors.UniqueViolation: another one on the same subject waits already.
    """
    approval_id = new_id()
    statements("approvals").run(
        conn,
        "insert",
        id=approval_id,
        team=new.requested.team,
        requested_user=new.requested.user,
        source=new.requested.source.value,
        **{name: value for name, value in vars(new).items() if name not in ("requested", "barred", "roles")}
        | {"what": list(new.what), "barred": sorted(new.barred), "roles": sorted(new.roles)},
    )
    return get(conn, approval_id)


def get(conn: LedgerConnection, approval_id: str) -> Approval:
    """The request of exactly this id, with what was said.

    Raises:
        NotFoundError: there is none.
    """
    row = statements("approvals").one(conn, "get", id=approval_id)
    if row is None:
        raise NotFoundError(f"There is no request for approval {approval_id}.", next_step="")
    return _approval(row)


def decide(
    conn: LedgerConnection,
    approval_id: str,
    voter: Voter,
    verdict: Verdict,
    *,
    content_hash: str,
    comment: str = "",
) -> int | None:
    """Say yes or no. Answers the request's version after it; None: the click did not count."""
    values: dict[str, object] = {
        "id": approval_id,
        "content_hash": content_hash,
        "person": voter.person,
        "team": voter.actor.team,
        "user": voter.actor.user,
        "comment": comment,
    }
    if verdict is not Verdict.BREAK_GLASS:
        values |= {"identities": sorted(voter.identities), "roles": sorted(voter.actor.roles)}
    row = statements("approvals").one(conn, verdict.value.replace("-", "_"), **values)
    return None if row is None else int(row["version"])


def withdraw(conn: LedgerConnection, approval_id: str, user: str, identities: frozenset[str]) -> bool:
    """Take a request back. False: it does not wait any more, or is somebody else's."""
    return (
        statements("approvals").run(
            conn, "withdraw", id=approval_id, user=user, identities=sorted(identities)
        )
        == 1
    )


def void(conn: LedgerConnection, topic: str, subject: str, why: str) -> list[Approval]:
    """End what waits or was given on a subject, because the content changed. Answers what was ended."""
    rows = statements("approvals").every(conn, "void", topic=topic, subject=subject, why=why)
    return _each(conn, rows)


def lock_subject(conn: LedgerConnection, topic: str, subject: str) -> list[Approval]:
    """Hold what waits or was given on a subject until the end of the transaction.

    Taken before the subject's own row, as the gate does it: nobody then waits for each other.
    """
    return _each(conn, statements("approvals").every(conn, "lock_subject", topic=topic, subject=subject))


def expire(conn: LedgerConnection, approval_id: str, at: datetime | None = None) -> bool:
    """End a request whose time is over. False: it is not, or it does not wait any more."""
    return statements("approvals").run(conn, "expire", id=approval_id, at=at) == 1


def overdue(conn: LedgerConnection, at: datetime | None = None) -> list[str]:
    """Ids of what still waits though its time is over, at most 200."""
    return [row["id"] for row in statements("approvals").every(conn, "overdue", at=at)]


def pending(conn: LedgerConnection) -> list[Approval]:
    """What waits, the oldest first."""
    return _each(conn, statements("approvals").every(conn, "pending"))


def of_subject(conn: LedgerConnection, topic: str, subject: str) -> list[Approval]:
    """Every request on a subject, the newest first."""
    return _each(conn, statements("approvals").every(conn, "of_subject", topic=topic, subject=subject))


def find_by_prefix(conn: LedgerConnection, prefix: str) -> list[Approval]:
    """Requests whose id starts so, the newest first, at most five."""
    return _each(conn, statements("approvals").every(conn, "find_by_prefix", prefix=prefix))


def mark_reminded(conn: LedgerConnection, approval: Approval, number: int) -> bool:
    """Keep that a reminder goes out. False: somebody else sends it."""
    return (
        statements("approvals").run(conn, "remind", id=approval.id, before=approval.reminders, number=number)
        == 1
    )


def _each(conn: LedgerConnection, rows: Iterable[DictRow]) -> list[Approval]:
    return [get(conn, row["id"]) for row in rows]


_SAME_NAME = (
    *("id", "topic", "subject", "content_hash", "title", "why", "consequence", "team", "source", "person"),
    *("needed", "channel", "created_at", "expires_at", "ended_at", "ended_by", "ended_why"),
    *("reminders", "version"),
)


def _approval(row: DictRow) -> Approval:
    return Approval(
        **{name: row[name] for name in _SAME_NAME},
        what=tuple(row["what"]),
        requested_by=row["requested_user"],
        barred=frozenset(row["barred"]),
        roles=frozenset(Role(role) for role in row["roles"]),
        state=ApprovalState(row["state"]),
        decided_by=frozenset(row["decided_by"]),
        decisions=tuple(_decision(said) for said in row["decisions"]),
    )


def _decision(said: dict[str, object]) -> Decision:
    return Decision(
        user=str(said["user"]),
        verdict=Verdict(str(said["verdict"])),
        at=datetime.fromisoformat(str(said["at"])),
        comment=str(said["comment"]),
        version=int(str(said["version"])),
    )
