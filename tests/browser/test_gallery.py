"""The gallery: one file that draws every message in a browser, without a server and without a blank."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from playwright.sync_api import Browser, expect

from bot.cli.messages import messages
from bot.gallery.collect import Exhibit, exhibits
from bot.gallery.page import build
from bot.gallery.samples import VIEWS


def test_every_message_is_drawn_and_none_is_unknown(browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "gallery.html"
    result = CliRunner().invoke(messages, ["gallery", "--out", str(out)])
    assert result.exit_code == 0, result.output
    page = browser.new_page(viewport={"width": 360, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(out.as_uri())
    expect(page.locator(".exhibit")).to_have_count(len(exhibits()))
    assert len(exhibits()) > len(VIEWS)
    assert page.locator(".unknown").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints == []
    page.goto(f"{out.as_uri()}#failed")
    expect(page.locator(".exhibit")).to_have_count(1)
    page.close()


def test_an_unknown_block_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "gallery.html"
    evil = "</script><script>window.hit=1</script>"
    strange = {
        "user": "U0BOT",
        "ts": "1.000000",
        "text": evil,
        "blocks": [{"type": "hologram", "text": evil}],
    }
    out.write_text(build([Exhibit("strange", "ordinary", strange)]), encoding="utf-8")
    page = browser.new_page()
    page.goto(out.as_uri())
    expect(page.locator(".unknown")).to_have_count(1)
    assert page.evaluate("window.hit") is None
    page.close()
