"""Makes the README's pictures anew: `python -m tests.support.readme_pictures FOLDER`.

They are samples of the gallery, drawn by the sandbox's own page, so that they need no database. Pillow comes with matplotlib.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page
from slack_sdk import WebClient

from bot.gallery.collect import Exhibit, exhibits
from bot.gallery.page import build
from bot.gallery.samples import NOW
from bot.sandbox.slack.client import SandboxClient
from bot.sandbox.slack.options import Options, Rates
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.tour_words import next_message
from tests.support.browser import chromium

# By file: which sample, and how wide the screen is in pixels.
SAMPLES = {
    "stored": ("stored", 700),
    "home": ("home of an operator", 700),
    "approval": ("approval asked", 700),
    "failed": ("failed", 360),
}
_COLOURS = 48  # a screen's text needs few; a quarter of the size


def save(picture: bytes, path: Path) -> None:
    """A PNG with few colours."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _open(browser: Browser, width: int, height: int = 800) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", timezone_id="America/New_York"
    )
    context.clock.set_fixed_time(NOW)
    return context.new_page()


def samples(browser: Browser, shown: Mapping[str, Exhibit], folder: Path) -> None:
    """One picture of each of SAMPLES."""
    with tempfile.TemporaryDirectory() as made:
        gallery = Path(made) / "gallery.html"
        gallery.write_text(build(list(shown.values())), encoding="utf-8")
        for file, (name, width) in SAMPLES.items():
            page = _open(browser, width)
            page.goto(f"{gallery.as_uri()}#{name.replace(' ', '-')}")
            message = page.locator(".exhibit .message:only-child")
            message.wait_for()
            save(message.screenshot(), folder / f"{file}.png")
            page.context.close()


def workspace(browser: Browser, shown: Mapping[str, Exhibit], folder: Path) -> None:
    """The page as it looks after a first backup."""
    with (
        tempfile.TemporaryDirectory() as home,
        SlackServer(
            Path(home), options=Options(tour=True, rates=Rates(post_burst=50), clock=NOW.timestamp)
        ) as slack,
    ):
        people = SandboxClient(Path(home))
        web = WebClient(slack.credentials.bot_token, base_url=slack.api_url)
        page = _open(browser, 1100, 820)
        page.goto(people.link())
        page.locator(".message", has_text="Welcome").wait_for()
        people.say("omar", "I back up before tonight's migration.")
        for message in (shown["stored"].message, next_message(1)):
            web.chat_postMessage(channel="C0OPS", text=message["text"], blocks=message["blocks"])
        page.locator(".message", has_text="Next: Prove it").wait_for()
        save(page.screenshot(), folder / "sandbox.png")
        page.context.close()


def main() -> None:
    folder = Path(sys.argv[1])
    shown: dict[str, Any] = {one.name: one for one in exhibits()}
    with chromium() as browser:
        samples(browser, shown, folder)
        workspace(browser, shown, folder)
    for path in sorted(folder.glob("*.png")):
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
