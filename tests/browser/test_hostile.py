"""Whatever a message holds, it stays text: no script runs, no link leads to one, nothing is fetched."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from bot.sandbox.slack.server import SlackServer
from tests.browser.conftest import OpenAs

EVIL = (
    "<script>window.hit=1</script><img src=x onerror=window.hit=1>"
    '<javascript:window.hit=1|click> javascript:window.hit=1 " onmouseover="window.hit=1'
)
BAD_LINK = "javascript:window.hit=1"


def plain(words: str = EVIL) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str = EVIL) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words}


OPTION = {"text": plain(), "value": EVIL, "description": plain()}
BUTTON = {"type": "button", "text": plain(), "action_id": EVIL, "value": EVIL, "url": BAD_LINK}
SELECT = {"type": "static_select", "action_id": "s", "options": [OPTION], "placeholder": plain()}
IMAGE = {"type": "image", "alt_text": EVIL, "image_url": BAD_LINK}
INLINES = [
    {"type": "text", "text": EVIL},
    {"type": "link", "url": BAD_LINK, "text": EVIL},
    {"type": "user", "user_id": EVIL},
    {"type": "channel", "channel_id": EVIL},
    {"type": "usergroup", "usergroup_id": EVIL},
    {"type": "emoji", "name": EVIL},
    {"type": "broadcast", "range": EVIL},
    {"type": "date", "timestamp": 1, "format": EVIL, "fallback": EVIL},
    {"type": "color", "value": EVIL},
    {"type": EVIL, "text": EVIL},
]
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": INLINES},
        {"type": "rich_text_preformatted", "elements": INLINES},
        {"type": "rich_text_quote", "elements": INLINES},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": INLINES}],
        },
    ],
}
FIELDS = ["plain_text_input", "datepicker", "timepicker", "number_input", "email_text_input", "checkboxes"]
BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": plain()},
    {"type": "section", "text": mrkdwn(), "fields": [mrkdwn(), plain()], "accessory": BUTTON},
    {
        "type": "section",
        "text": mrkdwn(f"*{EVIL}* _{EVIL}_ `{EVIL}` <@{EVIL}|{EVIL}> <#{EVIL}> <!{EVIL}>"),
        "accessory": IMAGE,
    },
    {
        "type": "section",
        "text": mrkdwn(f"> {EVIL}\n• {EVIL}\n<!date^1^{EVIL}|{EVIL}>\n```{EVIL}```"),
        "accessory": SELECT,
    },
    {"type": "context", "elements": [mrkdwn(), plain(), IMAGE]},
    {
        "type": "actions",
        "elements": [BUTTON, {**SELECT, "type": "overflow"}, {**SELECT, "type": "checkboxes"}],
    },
    *(
        {"type": "input", "label": plain(), "hint": plain(), "element": {**SELECT, "type": one}}
        for one in FIELDS
    ),
    {**IMAGE, "title": plain()},
    {"type": "divider"},
    RICH,
    {"type": "table", "rows": [[{"type": "raw_text", "text": EVIL}, RICH]] * 2},
    {"type": EVIL, "text": EVIL},
    {"type": "section", "text": 5},
]


def test_a_message_full_of_script_does_nothing(slack: SlackServer, open_as: OpenAs) -> None:
    # Put in behind the checks of the Web API: the page must not rely on them.
    file = {"id": "../../api", "name": EVIL, "title": EVIL, "size": 1}
    slack.sandbox.workspace.post(
        "C0OPS",
        {"user": "U0BOT", "text": EVIL, "blocks": BLOCKS, "files": [file], "metadata": {"event_type": EVIL}},
    )
    slack.sandbox.workspace.post("C0OPS", {"user": EVIL, "text": EVIL})
    slack.sandbox.traffic.add("from the app", EVIL, {"x": EVIL}, {"y": EVIL}, [EVIL])
    page = open_as("omar")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator("#messages .message")).to_have_count(2)
    page.get_by_role("button", name="Builder").click()
    for summary in page.locator("#exchanges summary").all():
        summary.click()
    press_everything(page)
    assert page.evaluate("window.hit") is None
    assert page.locator("#messages script, #messages img, #drawer script").count() == 0
    links = [one.get_attribute("href") or "" for one in page.locator("#messages a").all()]
    assert [one for one in links if not re.match(r"/page/file/", one)] == []
    assert [one for one in asked if not one.startswith((slack.base_url, "ws://127.0.0.1"))] == []
    open_as.complaints.clear()  # type: ignore[attr-defined]  # the file that is not there


def press_everything(page: Page) -> None:
    for button in page.locator("#messages .blocks button").all():
        if button.is_visible():
            button.click()


def test_what_is_not_known_is_shown_as_its_json_and_marked(slack: SlackServer, open_as: OpenAs) -> None:
    strange = {"type": "hologram", "depth": 3}
    slack.sandbox.workspace.post("C0OPS", {"user": "U0BOT", "text": "x", "blocks": [strange]})
    unknown = open_as("omar").locator("#messages .unknown")
    expect(unknown).to_contain_text("Not drawn here: hologram")
    expect(unknown).to_contain_text('"depth": 3')
