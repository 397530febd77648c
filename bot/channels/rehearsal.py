"""A rehearsal: the team alone reads what customers would, and sees at a glance that they did not."""

from __future__ import annotations

from bot.channels.slack import SlackChannel, SlackClient

MARK = ":performing_arts: *Rehearsal.* This was sent to nobody but this channel. Customers would read:"


def open_rehearsal(client: SlackClient) -> SlackChannel:
    """A channel that posts, marked, into the team's own Slack channel."""
    return SlackChannel(client, mark=MARK, thread=False)
