"""The tour's turning points, and one person in several tabs."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from bot.sandbox.slack.people import PEOPLE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.tour_steps import STEPS
from bot.sandbox.tour_words import next_message, second_person_message, welcome_message
from tests.browser.conftest import Visitor, say
from tests.browser.test_page import message, serious


@pytest.fixture
def told(slack: SlackServer, web: WebClient) -> None:
    """The welcome, the one about a second person and the end, one below the other."""
    second = second_person_message(PEOPLE["U0OMAR"], slack.base_url)
    for one in (welcome_message(), second, next_message(len(STEPS))):
        web.chat_postMessage(channel="C0OPS", text=one["text"], blocks=one["blocks"])


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_second_person_is_a_link_away_and_the_end_is_readable(open_as: Visitor, theme: Any) -> None:
    page = open_as("omar")
    page.emulate_media(color_scheme=theme)
    expect(message(page, "That is all.").get_by_role("listitem")).to_have_count(3)
    link = message(page, "Now act as April Approver (approver)").get_by_role("link")
    with open_as.context.expect_page() as opened:
        link.focus()
        page.keyboard.press("Enter")
    expect(opened.value.locator("#person")).to_have_value("april")
    assert serious(page) == []


@pytest.mark.usefixtures("told")
def test_the_tour_on_a_phone(phone_as: Visitor) -> None:
    page = phone_as("omar")
    expect(message(page, "What now?")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    offer = page.locator(".section", has_text="4. Have a second person approve")
    words, button = offer.locator(".words").bounding_box(), offer.locator("button").bounding_box()
    assert words
    assert button
    # Below the words, which would else stand in a column of ten letters.
    assert button["y"] >= words["y"] + words["height"]
    assert serious(page) == []


def test_a_modal_shows_in_the_tab_that_asked_and_comes_back_there(app: App, open_as: Visitor) -> None:
    del app
    first, second = open_as("omar"), open_as("omar")
    say(first, "/backup now")
    expect(modal(first)).to_be_visible()
    first.reload()
    expect(modal(first)).to_be_visible()
    expect(message(second, "/backup now")).to_be_visible()  # what was typed came, the modal did not
    expect(modal(second)).to_have_count(0)
    say(second, "/backup now full")
    expect(modal(second)).to_be_visible()
    second.keyboard.press("Escape")
    expect(modal(second)).to_have_count(0)
    expect(modal(first)).to_be_visible()
    modal(first).locator("textarea").fill("a table is gone")
    modal(first).get_by_role("button", name="Ask").click()
    expect(modal(first)).to_have_count(0)
    expect(message(second, "@omar asked: a table is gone")).to_be_visible()


def modal(page: Page) -> Any:
    return page.get_by_role("dialog", name="Ask for a restore")


def test_an_unread_mark_stays_round_beside_a_name_that_wraps(web: WebClient, open_as: Visitor) -> None:
    page = open_as("vera")
    page.locator("#sidebar").evaluate("one => { one.style.width = '7rem'; }")
    web.chat_postMessage(channel="C0ALERTS", text="Look here")
    link = page.get_by_role("link", name="#database-alerts")
    expect(link.locator(".count")).to_be_visible()
    mark, whole = link.locator(".count").bounding_box(), link.bounding_box()
    assert mark
    assert whole
    assert mark["height"] < whole["height"] / 2  # the name wraps
    assert mark["height"] < 1.5 * mark["width"]
