"""A person's Home tab: how things stand, what waits for them, and the buttons that their role allows."""

from __future__ import annotations

from bot.core.approvals import Approval
from bot.core.people import Action, Actor
from bot.services.report_views import HomeView
from bot.services.views import DatabaseStatus
from bot.slack import texts
from bot.slack.blocks import Block, Rendered, actions, button, section, with_button
from bot.slack.buttons import ALERT_SHOW, ALERT_TAKE, APPROVAL_SHOW, PROVE, REPORT, STATUS
from bot.slack.fit import GOOD_TEXT, cut_mrkdwn
from bot.slack.views import facts
from bot.slack.views.base import Surroundings, back_up_button, render
from bot.slack.views.lists import headline, problems, running

# Slack shows a hundred blocks; a database takes two.
_DATABASES, _WAITING, _ALERTS = 20, 15, 15


@render.register
def _(view: HomeView, around: Surroundings) -> Rendered:
    del around
    if not view.actor.roles:
        paragraphs = texts.fill("home_stranger", {})
        return Rendered(texts.as_text(paragraphs), texts.as_blocks(paragraphs))
    head = texts.fill("home_head", _head(view))
    blocks = [*texts.as_blocks(head), *_waiting(view), *_alerts(view)]
    for status in view.databases[:_DATABASES]:
        blocks += _database(status, view)
    if (more := len(view.databases) - _DATABASES) > 0:
        blocks.append(section(f"… and {more} more: `/backup status` shows them"))
    return Rendered(cut_mrkdwn(texts.as_text(head), GOOD_TEXT), blocks)


def _head(view: HomeView) -> dict[str, object]:
    return {
        "databases": len(view.databases),
        "troubled": sum(status.needs_a_look(view.now) for status in view.databases),
        "alerts": len(view.alerts),
        "now": view.now,
        "roles": " and ".join(sorted(role.value for role in view.actor.roles)),
    }


def _waiting(view: HomeView) -> list[Block]:
    """The requests that this person may decide, each with the way to it."""
    if not view.waiting:
        return []
    blocks = [section(f"*Waiting for your decision: {len(view.waiting)}*")]
    blocks += [_request(found) for found in view.waiting[:_WAITING]]
    more = len(view.waiting) - _WAITING
    return blocks + ([section(f"… and {more} more: `/approvals` shows them")] if more > 0 else [])


def _request(found: Approval) -> Block:
    return with_button(facts.approval(found), button("Read it", APPROVAL_SHOW, found.id))


def _alerts(view: HomeView) -> list[Block]:
    """What is wrong right now; an operator can take it from here."""
    if not view.alerts:
        return []
    blocks = [section(f"*Open alerts: {len(view.alerts)}*")]
    for found in view.alerts[:_ALERTS]:
        free = found.acknowledged_at is None and view.actor.may(Action.ACKNOWLEDGE)
        press = button("I take it", ALERT_TAKE, found.id) if free else button("Details", ALERT_SHOW, found.id)
        blocks.append(with_button(facts.alert(found), press))
    more = len(view.alerts) - _ALERTS
    return blocks + ([section(f"… and {more} more: `/alerts` shows them")] if more > 0 else [])


def _database(status: DatabaseStatus, view: HomeView) -> list[Block]:
    values = {
        "name": status.database,
        "headline": headline(status, view.now),
        "problems": problems(status, view.now),
        "facts": [facts.short(status, view.now), *running(status)],
    }
    shown = section("\n".join(texts.fill("report_database", values)))
    return [shown, actions(_buttons(status, view.actor))]


def _buttons(status: DatabaseStatus, actor: Actor) -> list[Block]:
    """Looking is for everybody with a role; acting for those who may."""
    name = status.database
    found = [button("Status", STATUS, name), button("Report", REPORT, name)]
    if actor.may(Action.BACK_UP):
        found.append(back_up_button(name))
    newest = next((kind.newest for kind in status.kinds if kind.kind == "full"), None)
    if newest and actor.may(Action.RESTORE_TEST):
        found.append(button("Prove the newest", PROVE, newest.id))
    return found
