"""How one hand-over ended, written down; and how long a channel is left alone after it."""

from __future__ import annotations

from bot.channels.interface import Outgoing, Receipt
from bot.core.delivery import REHEARSAL, patience
from bot.errors import ChannelBusyError, ChannelError, ChannelRefusedError
from bot.ledger import deliveries
from bot.ledger.connection import LedgerConnection
from bot.ledger.deliveries import Claimed, Run
from bot.ledger.dispatches import Dispatch

_TRIES_EACH = 8  # a recipient that is "later" so often is given up, and a person may retry it
_STUMBLES = 20  # about an hour and a half of a channel that does not work
_STUMBLES_REHEARSED = 3  # half a minute: somebody sits there and waits for it

Outcome = Receipt | ChannelError


def settle(connection: LedgerConnection, run: Run, done: Claimed, outcome: Outcome) -> float | None:
    """Write how one hand-over ended. Seconds to leave the channel alone, or None to go on."""
    if isinstance(outcome, Receipt):
        deliveries.settle_sent(connection, run, done.id, outcome.reference)
        return None
    if isinstance(outcome, ChannelRefusedError):
        deliveries.settle_failed(connection, run, done.id, outcome.sentence)
        return None
    if isinstance(outcome, ChannelBusyError):
        return _later(connection, run, done, outcome)
    deliveries.settle_unknown(connection, run, done.id, outcome.sentence)
    # One lost answer after another would leave everybody unknown: rather stop and look.
    return stumble(connection, run, outcome.sentence, None)


def _later(connection: LedgerConnection, run: Run, done: Claimed, busy: ChannelBusyError) -> float | None:
    if not busy.whole and done.attempts >= _TRIES_EACH:
        deliveries.settle_failed(connection, run, done.id, busy.sentence)
        return None
    wait = 0.0 if busy.whole else busy.retry_after or patience(done.attempts)
    deliveries.settle_waiting(connection, run, done.id, busy.sentence, wait, counted=not busy.whole)
    return stumble(connection, run, busy.sentence, busy.retry_after) if busy.whole else None


def stumble(connection: LedgerConnection, run: Run, sentence: str, retry_after: float | None) -> float:
    """The channel does not work: leave it alone for some seconds, and after many times give up."""
    number = deliveries.stumble(connection, run, sentence)
    if number > (_STUMBLES_REHEARSED if run.channel == REHEARSAL else _STUMBLES):
        deliveries.fail_waiting(connection, run, f"Given up after {number} tries. The last: {sentence}")
        return 0.0
    wait = retry_after if retry_after is not None else patience(number)
    deliveries.hold_channel(connection, run.channel, wait)
    return wait


def outgoing(dispatch: Dispatch, claimed: Claimed) -> Outgoing:
    """What a channel is given."""
    return Outgoing(
        key=claimed.key,
        recipient=claimed.recipient,
        notice_id=dispatch.notice_id,
        revision=dispatch.revision,
        kind=dispatch.kind,
        stage=dispatch.stage,
        severity=dispatch.severity,
        status=dispatch.status,
        subject=dispatch.subject,
        text=dispatch.body_text,
        html=dispatch.body_html,
        slack=dispatch.body_slack,
        starts_at=dispatch.starts_at,
        ends_at=dispatch.ends_at,
        references=claimed.references,
        again=claimed.again,
    )
