"""Notices beside their one message: the list, everything about one, its history, and short answers."""

from __future__ import annotations

from typing import Any

from bot.core.notices import Notice, NoticeEvent, NoticeRevision
from bot.services import notice_export
from bot.services.notice_forms import NoticeHelp
from bot.services.notice_views import NoticeAnswer, NoticeAsk, NoticeDetails, NoticeHistoryLine, NoticeList
from bot.slack import mrkdwn, texts
from bot.slack.blocks import Block, Rendered, Snippet, actions, at_most_fifty, button, section, with_button
from bot.slack.buttons import NOTICE_NEXT, NOTICE_SHOW
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn
from bot.slack.views.base import Surroundings, message, render
from bot.slack.views.notices import held_button, notice_facts
from bot.slack.views.notices import stands as where_it_stands

_LISTED = 20
_EVENTS = 15
_SAID = {
    "drafted": "Drafted. The draft is posted {0}; nothing has been sent.",
    "edited": "Edited. The draft is redrawn; nothing has been sent.",
    "edited-void": "Edited. What was approved or asked for before does not count any more.",
    "submitted": "Submitted. Somebody else reads it now; nothing has been sent.",
    "counting": "Its recipients are counted anew; the message shows the number in a moment.",
    "closed": "Closed. Customers were told nothing more.",
    "withdrawn": "Withdrawn. What had not been sent yet is not sent.",
    "sending": "It is being sent to {1}; the message shows how far it is.",
    "scheduled": "It goes out by itself at its time, to {1}.",
    "stopped": "Stopped. Whoever was not written to yet will not be; the message shows who was.",
    "retried": "Those that failed are tried again; the message shows how it goes.",
    "known-sent": "Noted: it was sent. Nothing goes out again.",
    "sent-again": "It is sent to this recipient once more; the message shows how it goes.",
    "rehearsed": "A rehearsal goes to the team alone, marked as one; the draft's thread says how it went.",
}
_HAPPENED = {
    "promise-late": "The time of the promised next word passed",
    "over": "The matter is over",
    "skipped": "Not sent",
    "rehearsed": "A rehearsal was asked for",
    "rehearsal-arrived": "The rehearsal is in the team's channel",
    "rehearsal-failed": "The rehearsal did not arrive",
    "asked": "The next word was asked for",
    "closed": "Closed without another word to customers",
    "held": "Held back, and asked once more",
    "lapsed": "Not approved any more",
    "recounted": "Counted again, and not sent",
    "scheduled": "Goes out by itself",
    "sending": "Being sent",
    "trouble": "It could not be sent yet",
}


@render.register
def _(view: NoticeAnswer, around: Surroundings) -> Rendered:
    del around
    place = "here" if view.notice.channel else "in the operations channel"
    number = f"{view.number:,} recipient{'' if view.number == 1 else 's'}"
    words = _SAID.get(view.said, view.said).format(place, number)
    return message("notice_answer", {"words": words, "revision": view.revision})


@render.register
def _(view: NoticeAsk, around: Surroundings) -> Rendered:
    del around
    values = {"view": view, "notice": view.notice, "owner": mrkdwn.mention(view.notice.owner)}
    value = view.notice.id if view.what == "promise" else f"{view.notice.id}:{view.what}"
    look = button("Everything about it", NOTICE_SHOW, view.notice.id)
    row = [look] if view.what == "trouble" else [button("Write it now", NOTICE_NEXT, value)]
    if view.text is not None:
        row = [held_button(view.text), look]
    return message("notice_ask", values, [actions(row)])


@render.register
def _(view: NoticeHistoryLine, around: Surroundings) -> Rendered:
    del around
    return message("notice_event", _event(view.event, view.title))


def _event(event: NoticeEvent, title: str) -> dict[str, Any]:
    happened = _HAPPENED.get(event.what, event.what.replace("-", " ").capitalize())
    by = mrkdwn.mention(event.by) if event.by else None
    return {"happened": happened, "event": event, "title": title, "by": by}


@render.register
def _(view: NoticeList, around: Surroundings) -> Rendered:
    del around
    if not view.entries:
        return message("notice_none", {})
    lines = [_line(notice, revision) for notice, revision in view.entries[:_LISTED]]
    blocks: list[Block] = [section("*Notices to customers*")]
    for line, (notice, _) in zip(lines, view.entries, strict=False):
        blocks.append(with_button(line, button("Show", NOTICE_SHOW, notice.id)))
    if len(view.entries) > _LISTED:
        blocks.append(section(f"… and {len(view.entries) - _LISTED} more"))
    return Rendered(cut_mrkdwn("\n".join(lines), GOOD_TEXT), at_most_fifty(blocks))


def _line(notice: Notice, revision: NoticeRevision | None) -> str:
    owner = mrkdwn.mention(notice.owner)
    stands = where_it_stands(revision) if revision else ""
    values = {"notice": notice, "revision": revision, "owner": owner, "stands": stands}
    return "\n".join(texts.fill("notice_line", values))


@render.register
def _(view: NoticeDetails, around: Surroundings) -> Rendered:
    del around
    told = view.message
    titles = {revision.number: revision.title for revision in view.revisions}
    values = notice_facts(told) | {
        "events": [_event(event, titles.get(event.number or 0, "")) for event in view.events[-_EVENTS:]],
        "left": max(len(view.events) - _EVENTS, 0),
        "number": len(view.revisions),
    }
    name = f"notice-{told.notice.id}.md"
    export = Snippet(name, f"Everything about notice {told.notice.id}", notice_export.markdown(view))
    return message("notice_details", values, snippet=export)


@render.register
def _(view: NoticeHelp, around: Surroundings) -> Rendered:
    del around
    return message("notice_help", {"command": view.command, "kinds": view.kinds, "may": view.may_write})
