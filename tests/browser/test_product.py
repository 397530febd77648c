"""The whole product in a browser, as somebody sees it five minutes after they heard of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenAs, say


def test_a_command_is_typed_and_its_verdict_seen_in_two_tabs(product_as: OpenAs) -> None:
    omar, olga = product_as("omar"), product_as("olga")
    say(omar, "/backup now schema fleetnest")
    for page in (omar, olga):
        expect(page.locator("#messages .message", has_text="Stored: structure of fleetnest")).to_have_count(1)
    expect(omar.locator("#messages")).to_contain_text("You typed; nobody else sees it")
    expect(olga.locator("#messages")).not_to_contain_text("/backup now schema")


def test_another_person_checks_it_in_a_second_tab_and_its_thread_is_read(product_as: OpenAs) -> None:
    omar, olga = product_as("omar"), product_as("olga")
    say(omar, "/backup now table drivers cruzonic")
    stored = "Stored: table drivers of cruzonic"
    olga.locator("#messages .message", has_text=stored).get_by_role("button", name="Check it").click()
    checked = "Checked: table drivers of cruzonic"
    expect(omar.locator("#messages .message", has_text=checked).first).to_contain_text("asked for by @omar")
    expect(omar.locator("#messages .message", has_text="read back in")).to_contain_text("asked for by @olga")
    verdict = omar.locator("#messages .message", has_text=checked).first
    verdict.get_by_role("button", name=re.compile(r"\d repl")).click()
    expect(omar.locator("#thread")).to_contain_text("public.drivers")


def test_a_viewer_is_refused_and_told_why(product_as: OpenAs) -> None:
    vera = product_as("vera")
    say(vera, "/backup now full cruzonic")
    expect(vera.locator("#messages")).to_contain_text("operator")
    expect(vera.locator("#messages .message", has_text="Only visible to you").last).to_be_visible()


def test_the_welcome_leads_from_step_to_step(product_as: OpenAs) -> None:
    olga = product_as("olga")
    welcome = olga.locator("#messages .message", has_text="Welcome to Sparewheel")
    welcome.get_by_role("button", name="Back up").click()
    # By the offer's own title: a verdict says "Next: …" too, and has a "Prove it" of its own.
    for title, label in (
        ("Next: Prove it", "Prove it"),
        ("Next: Break something, and watch the alert", "Break it"),
        ("Next: Have a second person approve", "Write a notice"),
    ):
        offer = olga.locator("#messages .message", has_text=title).last
        button = offer.get_by_role("button", name=label)
        expect(button).to_be_visible()
        button.click()
    expect(olga.get_by_role("dialog", name="A notice")).to_be_visible()
    olga.keyboard.press("Escape")
    olga.get_by_role("link", name="#database-alerts").click()
    alert = olga.locator("#messages .message", has_text="(check-failed)").last
    expect(alert).to_contain_text("Critical: cruzonic")
    alert.get_by_role("button", name="I take it").click()
    expect(alert).to_contain_text("@olga looks after it")
