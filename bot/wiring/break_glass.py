"""Telling the people of a user group that somebody went ahead alone: only Slack knows who they are."""

from __future__ import annotations

import logging

from slack_sdk import WebClient

from bot.core.reply import Showing
from bot.services.approval_telling import UNREAD, ApprovalTelling
from bot.slack import groups
from bot.slack.client import code_of
from bot.slack.deliver import Loader

_LOG = logging.getLogger(__name__)


def group_loader(telling: ApprovalTelling, client: WebClient) -> Loader:
    """The loader of the topic GLASS_GROUP: it shows nothing itself and writes a message for each member.

    A group that cannot be read is spoken of in the channel at once, and tried again where that may help.
    """

    def load(subject: str, stage: str) -> Showing | None:
        if stage == UNREAD:
            return telling.unread(subject)
        _, _, group = subject.partition("/")
        try:
            people = groups.members(client, group)
        except Exception as error:
            code = code_of(error)
            _LOG.warning("the people of the group %s could not be told one by one: %s", group, code)
            telling.group_unread(subject)
            if groups.may_pass(code):
                raise
            return None
        telling.group_read(subject, people)
        return None

    return load
