"""The page itself: modals, Home tab, threads, coming back, keyboard, a phone, and accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options
from bot.sandbox.slack.server import SlackServer
from tests.browser.conftest import OpenAs, say
from tests.support.png import png

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Stop"},
    "action_id": "refresh",
    "confirm": {
        "title": {"type": "plain_text", "text": "Stop it?"},
        "text": {"type": "plain_text", "text": "Nothing is kept."},
        "confirm": {"type": "plain_text", "text": "Stop it"},
        "deny": {"type": "plain_text", "text": "Let it run"},
        "style": "danger",
    },
}


def message(page: Page, words: str) -> Any:
    return page.locator("#messages .message", has_text=words).last


def test_a_modal_with_an_error_and_then_without(app: App, open_as: OpenAs) -> None:
    page = open_as("omar")
    say(page, "/backup now")
    modal = page.get_by_role("dialog", name="Ask for a restore")
    expect(modal).to_be_visible()
    modal.get_by_role("button", name="Ask").click()
    expect(modal.locator(".error")).to_have_text("Please complete this required field.")
    modal.locator("textarea").fill("because")
    modal.get_by_label("critical", exact=False).last.check()
    modal.get_by_role("button", name="Ask").click()
    expect(modal.locator(".error")).to_have_text("Say it in a sentence.")
    expect(modal.locator("textarea")).to_be_focused()
    expect(modal.locator("textarea")).to_have_value("because")  # nothing entered is lost
    modal.locator("textarea").fill("a table is gone")
    modal.get_by_role("button", name="Ask").click()
    expect(modal).to_have_count(0)
    expect(message(page, "@omar asked: a table is gone")).to_be_visible()
    state = app.received[-1]  # type: ignore[attr-defined]  # what the small app noted
    assert state["way"]["way"]["selected_option"]["value"] == "critical"
    assert state["day"]["day"]["selected_date"] == "2026-11-22"
    assert state["kind"]["kind"]["selected_option"]["value"] == "full"


def test_a_modal_that_is_left_is_gone(app: App, open_as: OpenAs, people: SandboxClient) -> None:
    del app
    page = open_as("olga")
    say(page, "/backup now")
    modal = page.get_by_role("dialog", name="Ask for a restore")
    expect(modal).to_be_visible()
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    assert people.view("olga") is None


def test_the_home_tab_and_its_button(app: App, open_as: OpenAs) -> None:
    del app
    page = open_as("olga")
    page.get_by_role("link", name="Home tab").click()
    expect(page.locator("#home")).to_contain_text("How things stand")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#home")).to_contain_text("Refreshed.")


def test_a_thread_is_opened_answered_and_closed(web: WebClient, open_as: OpenAs) -> None:
    first = web.chat_postMessage(channel="C0OPS", text="A verdict")["ts"]
    web.chat_postMessage(channel="C0OPS", text="The details", thread_ts=first)
    page = open_as("omar")
    expect(page.locator("#messages")).not_to_contain_text("The details")
    message(page, "A verdict").get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread).to_contain_text("The details")
    thread.get_by_role("combobox").fill("Thank you")
    thread.get_by_role("combobox").press("Enter")
    expect(message(page, "A verdict").get_by_role("button", name="2 replies")).to_be_visible()
    thread.get_by_role("button", name="Close").click()
    expect(thread).to_be_hidden()


def test_messages_arrive_change_and_go_in_place(slack: SlackServer, web: WebClient, open_as: OpenAs) -> None:
    page = open_as("vera")
    ts = str(web.chat_postMessage(channel="C0OPS", text="Running")["ts"])
    expect(message(page, "Running")).to_be_visible()
    web.chat_update(channel="C0OPS", ts=ts, text="Stored")
    expect(message(page, "Stored")).to_contain_text("(edited)")
    expect(page.locator("#messages .message")).to_have_count(1)
    assert slack.sandbox.workspace.get("C0OPS", ts)


def test_what_is_said_is_seen_and_so_is_what_follows(web: WebClient, open_as: OpenAs) -> None:
    for number in range(30):
        web.chat_postMessage(channel="C0OPS", text=f"Number {number}")
    page = open_as("omar")
    expect(message(page, "Number 29")).to_be_in_viewport()
    page.locator("#messages").evaluate("list => { list.scrollTop = 0; }")
    ts = str(web.chat_postMessage(channel="C0OPS", text="Running")["ts"])
    expect(message(page, "Running")).to_be_visible()
    expect(message(page, "Running")).not_to_be_in_viewport()  # who reads further up is left there
    say(page, "Hello")
    expect(message(page, "Hello")).to_be_in_viewport()
    web.chat_update(channel="C0OPS", ts=ts, text="A verdict\n" * 30)
    web.chat_postMessage(channel="C0OPS", text="And then")
    expect(message(page, "And then")).to_be_in_viewport()


def test_unread_marks_come_and_go(web: WebClient, open_as: OpenAs) -> None:
    page = open_as("vera")
    web.chat_postMessage(channel="C0ALERTS", text="Look here")
    channel = page.get_by_role("link", name="#database-alerts")
    expect(channel).to_contain_text("1 unread")
    channel.click()
    expect(message(page, "Look here")).to_be_visible()
    expect(channel).not_to_contain_text("unread")


def test_only_those_who_may_see_something_see_it(web: WebClient, open_as: OpenAs) -> None:
    web.chat_postEphemeral(channel="C0OPS", user="U0OLGA", text="For Olga")
    olga, omar, carl = open_as("olga"), open_as("omar"), open_as("carl")
    expect(message(olga, "For Olga")).to_contain_text("Only visible to you")
    web.chat_postEphemeral(channel="C0OPS", user="U0OLGA", text="For Olga again")
    expect(message(olga, "For Olga again")).to_be_visible()
    web.chat_postMessage(channel="C0OPS", text="For all")
    expect(message(omar, "For all")).to_be_visible()
    expect(omar.locator("#messages")).not_to_contain_text("For Olga")
    expect(carl.get_by_role("link", name="#database-operations")).to_be_visible()
    expect(carl.get_by_role("link", name="#database-alerts")).to_have_count(0)


def test_the_connection_comes_back_by_itself(open_as: OpenAs, slack: SlackServer, tmp_path: Path) -> None:
    page = open_as("omar")
    port = int(slack.base_url.rpartition(":")[2])
    slack.stop()
    expect(page.locator("#connection")).to_contain_text("Trying again")
    with SlackServer(tmp_path, port, Options()) as again:
        web = WebClient(again.credentials.bot_token, base_url=again.api_url)
        web.chat_postMessage(channel="C0OPS", text="Said meanwhile")
        expect(message(page, "Said meanwhile")).to_be_visible()
        expect(page.locator("#connection")).to_have_text("")
        web.chat_postMessage(channel="C0OPS", text="Said afterwards")
        expect(message(page, "Said afterwards")).to_be_visible()


def test_everything_goes_by_keyboard(app: App, web: WebClient, open_as: OpenAs) -> None:
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    web.chat_postMessage(channel="C0OPS", text="Running", blocks=blocks)
    page = open_as("omar")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the message box
    expect(page.locator("#composer-input")).to_be_focused()
    page.keyboard.type("/ba")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("#composer-input")).to_have_value("/backup ")
    page.keyboard.type("n")
    expect(page.get_by_role("option", name="now")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-input")).to_have_value("/backup now ")
    expect(page.get_by_role("option", name="critical")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    modal = page.get_by_role("dialog", name="Ask for a restore")
    expect(modal.locator("textarea")).to_be_focused()
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    asking = page.get_by_role("dialog", name="Stop it?")
    expect(asking.get_by_role("button", name="Let it run")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(asking).to_have_count(0)
    del app


def test_a_question_that_is_answered_with_no_does_nothing(
    slack: SlackServer, app: App, web: WebClient, open_as: OpenAs
) -> None:
    del app
    web.chat_postMessage(channel="C0OPS", text="Running", blocks=[{"type": "actions", "elements": [BUTTON]}])
    page = open_as("omar")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Let it run").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [one for one in slack.sandbox.traffic.all() if one.name == "interactive"] == []


def test_a_phone_of_360_pixels(app: App, web: WebClient, phone_as: OpenAs) -> None:
    del app
    rows = [[{"type": "raw_text", "text": f"column {n}"} for n in range(12)]] * 3
    web.chat_postMessage(
        channel="C0OPS",
        text="x",
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": f"`{'s3://archive/' * 30}` {'w' * 400}"}},
            {"type": "table", "rows": rows},
        ],
    )
    page = phone_as("omar")
    expect(page.locator("table")).to_be_visible()
    for label in ("Channels", None):
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360
        if label:
            page.get_by_role("button", name=label).click()
            expect(page.get_by_role("link", name="#general")).to_be_visible()
    page.get_by_role("link", name="#general").click()
    expect(page.get_by_role("heading", name="#general")).to_be_visible()
    say(page, "Hello")
    expect(message(page, "Hello")).to_be_in_viewport()
    page.get_by_role("button", name="Builder").click()
    expect(page.get_by_role("heading", name="Faults")).to_be_visible()
    page.locator("#exchanges summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#exchanges pre").first.evaluate("one => one.getBoundingClientRect().right") <= 360


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(app: App, web: WebClient, open_as: OpenAs, theme: Any) -> None:
    del app
    first = web.chat_postMessage(
        channel="C0OPS",
        text="Running",
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": "A verdict"}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*Stored* `x` <@U0OMAR> <https://example.org|a>"},
            },
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "id `a1b2c3d4`"}]},
            {
                "type": "actions",
                "elements": [{**BUTTON, "style": "danger"}, {**BUTTON, "style": "primary", "action_id": "b"}],
            },
        ],
    )["ts"]
    web.chat_postMessage(channel="C0OPS", text="```code``` and > more", thread_ts=first)
    web.chat_postEphemeral(channel="C0OPS", user="U0OMAR", text="Only you")
    web.chat_postMessage(channel="C0ALERTS", text="Unread")
    page = open_as("omar")
    page.emulate_media(color_scheme=theme)
    message(page, "A verdict").get_by_role("button", name="1 reply").click()
    page.get_by_role("button", name="Builder").click()
    expect(page.get_by_role("heading", name="Faults")).to_be_visible()
    page.locator("#exchanges summary").first.click()
    assert serious(page) == []
    page.locator("#composer-input").fill("/backup ")
    expect(page.locator("#composer [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert serious(page) == []
    say(page, "/backup now")
    modal = page.get_by_role("dialog", name="Ask for a restore")
    modal.get_by_role("button", name="Ask").click()
    expect(modal.locator(".error")).to_be_visible()
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical, in words to mend it by."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_files_are_looked_into(web: WebClient, open_as: OpenAs) -> None:
    ts = str(web.chat_postMessage(channel="C0OPS", text="Files")["ts"])
    web.files_upload_v2(channel="C0OPS", filename="t.txt", title="Tables", content="public.drivers <b>1</b>")
    web.files_upload_v2(channel="C0OPS", filename="p.png", title="Picture", content=png(3, 2))
    page = open_as("omar")
    expect(page.locator(".file", has_text="Tables").locator("pre")).to_have_text("public.drivers <b>1</b>")
    picture = page.locator(".file", has_text="Picture").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 3
    assert ts


def test_the_drawer_shows_payloads_refusals_and_faults(app: App, web: WebClient, open_as: OpenAs) -> None:
    del app
    page = open_as("omar")
    page.get_by_role("button", name="Builder").click()
    with pytest.raises(Exception, match="invalid_blocks"):
        web.chat_postMessage(channel="C0OPS", text="x", blocks=[{"type": "header"}])
    refused = page.locator("#exchanges details", has_text="chat.postMessage").first
    expect(refused).to_contain_text("refused")
    refused.locator("summary").click()
    expect(refused.locator(".why")).to_contain_text("json-pointer:/blocks/0")
    refused.get_by_role("button", name="Copy as test").click()
    test = refused.get_by_label("The test").input_value()
    compile(test, "copied", "exec")
    assert 'match="invalid_blocks"' in test
    page.get_by_label("Fault", exact=True).select_option("500")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#faults-on")).to_contain_text("500, broken: every method")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#faults-on")).to_contain_text("None is on.")


def test_a_command_copied_as_a_test_says_the_same(app: App, open_as: OpenAs) -> None:
    del app
    page = open_as("omar")
    say(page, "/backup now full")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Builder").click()
    sent = page.locator("#exchanges details", has_text="slash_commands")
    sent.locator("summary").click()
    sent.get_by_role("button", name="Copy as test").click()
    said = sent.get_by_label("The test").input_value()
    assert 'people.say("omar", "/backup now full", channel="C0OPS")' in said


def test_times_are_the_readers(web: WebClient, open_as: OpenAs) -> None:
    web.chat_postMessage(
        channel="C0OPS", text="At <!date^1790000000^{date_short} {time}|2026-09-21 14:13 UTC>"
    )
    for name, shown in (("omar", "Sep 21, 2026 10:13"), ("olga", "Sep 21, 2026 16:13")):
        page = open_as(name)
        expect(message(page, "At ").locator(".blocks time")).to_have_text(shown)


def test_it_says_on_its_face_what_it_is(open_as: OpenAs) -> None:
    page = open_as("carl")
    expect(page.get_by_role("banner")).to_contain_text("This is not Slack")
    options = page.locator("#person option")
    expect(options).to_have_count(7)
    expect(options.nth(0)).to_have_text("Vera Viewer (viewer, New York)")
    expect(options.nth(2)).to_have_text("Olga Operator (operator, Berlin)")
