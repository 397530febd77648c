"""How the sending of a notice stands: progress by channel, what failed, and what nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.core.delivery import ChannelCounts, DeliveryState, DeliverySummary, Trouble
from bot.core.units import count_text, plural
from bot.slack import mrkdwn
from bot.slack.blocks import Block, actions, button, confirm, section, small
from bot.slack.buttons import NOTICE_AGAIN, NOTICE_RETRY, NOTICE_SENT
from bot.slack.fit import cut, pages
from bot.slack.mrkdwn import Mrkdwn
from bot.slack.views.base import SHOWN, bar

_ERROR = 200
_OUTDATED = "A later text says otherwise, so nobody is sent this one any more."


def progress_lines(summary: DeliverySummary | None) -> list[Mrkdwn]:
    """One line for each channel; a bar above them while it is not over."""
    if summary is None:
        return []
    return [*_head(summary), *(_channel(one) for one in summary.channels)]


def _head(summary: DeliverySummary) -> list[Mrkdwn]:
    if summary.withdrawn_at:
        left = summary.count(DeliveryState.WITHDRAWN)
        never = f" {_many(left)} had not been written to and will not be." if left else ""
        by = mrkdwn.mention(summary.withdrawn_by or "somebody")
        stopped = summary.stopped[:1].upper() + summary.stopped[1:]
        return [Mrkdwn(f"{stopped} by {by}, {mrkdwn.when(summary.withdrawn_at)}.{never}")]
    if summary.finished_at:
        return []
    sent = summary.count(DeliveryState.SENT)
    return [Mrkdwn(f"{bar(sent, summary.total)} of {_many(summary.total)}")]


def _channel(counts: ChannelCounts) -> Mrkdwn:
    parts = [f"{count_text(counts[DeliveryState.SENT])} of {count_text(counts.total)} sent"]
    for state, word in (
        (DeliveryState.FAILED, "failed"),
        (DeliveryState.UNKNOWN, "not known"),
        (DeliveryState.SUPPRESSED, "do not want any"),
        (DeliveryState.WITHDRAWN, "not written to"),
    ):
        if counts[state]:
            parts.append(f"{count_text(counts[state])} {word}")
    if counts.open:
        parts.append(f"{count_text(counts.open)} to go")
    held = f"; waits: {mrkdwn.prose(cut(counts.waits_for, _ERROR))}" if counts.waits_for else ""
    return Mrkdwn(f"{mrkdwn.code(counts.channel)}: {', '.join(parts)}{held}")


def delivery_blocks(deliveries: Mapping[int, DeliverySummary], outdated: Collection[int] = ()) -> list[Block]:
    """What went wrong, with what can be done about it; the newest text first.

    `outdated`: texts that a later one took back, which nobody is sent any more.
    """
    blocks: list[Block] = []
    for number in sorted(deliveries, reverse=True):
        late = number in outdated
        blocks += _failed(deliveries[number], late=late) + _unknown(deliveries[number], late=late)
    return blocks[: 5 * SHOWN]


def _failed(summary: DeliverySummary, *, late: bool) -> list[Block]:
    total = summary.count(DeliveryState.FAILED)
    if not total:
        return []
    lines = [f"*Failed, {count_text(total)}:*", *_lines(summary.failed, total)]
    if summary.withdrawn_at:
        return [section(page) for page in pages(lines)]
    if late:
        return [*(section(page) for page in pages(lines)), small(_OUTDATED)]
    key = f"{summary.notice_id}.{summary.revision}"
    again = button(f"Try {'it' if total == 1 else f'those {count_text(total)}'} again", NOTICE_RETRY, key)
    return [*(section(page) for page in pages(lines)), actions([again])]


def _unknown(summary: DeliverySummary, *, late: bool) -> list[Block]:
    """Each one is asked about: it may have arrived, so nothing is sent again by itself."""
    total = summary.count(DeliveryState.UNKNOWN)
    if not total:
        return []
    head = "Nobody knows whether these arrived; they are not sent again unless you say so."
    blocks = [section(f"*Not known, {count_text(total)}.* {head}")]
    sure = confirm("Send it again?", "They may have it already and get it twice.", "Send again", "Leave it")
    for trouble in summary.unknown[:SHOWN]:
        value = str(trouble.id)
        blocks.append(section(_trouble(trouble)))
        row = [button("It was sent", NOTICE_SENT, value)]
        if not (late or summary.withdrawn_at):
            row.append(button("Send again", NOTICE_AGAIN, value, confirm=sure))
        blocks.append(actions(row))
    if total > SHOWN:
        blocks.append(small(f"… and {count_text(total - SHOWN)} more, one after the other"))
    return blocks


def _lines(found: Sequence[Trouble], total: int) -> list[str]:
    lines: list[str] = [f"• {_trouble(one)}" for one in found[:SHOWN]]
    return [*lines, f"• … and {count_text(total - SHOWN)} more"] if total > SHOWN else lines


def _trouble(trouble: Trouble) -> Mrkdwn:
    where = f"{mrkdwn.code(trouble.recipient)} by {mrkdwn.code(trouble.channel)}"
    return Mrkdwn(f"{where}: {mrkdwn.prose(cut(trouble.error, _ERROR))}")


def _many(number: int) -> str:
    return plural(number, "recipient")
