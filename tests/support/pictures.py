"""Photographs the gallery: `python -m tests.support.pictures GALLERY.html FOLDER`, wide and narrow, light and dark."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from bot.gallery.samples import NOW
from tests.support.browser import chromium, chromium_path

SIZES = {"wide": 1000, "narrow": 360}
# What is longer than any screen that somebody would scroll is cut off: such a picture takes minutes.
_CUT_OFF = """for (const one of document.querySelectorAll(".exhibit"))
  Object.assign(one.style, { maxHeight: "4000px", overflow: "hidden" })"""
# Milliseconds; a busy machine takes its time over the longest of them.
_PATIENCE = 120_000
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def photograph(browser: Browser, gallery: Path, folder: Path) -> int:
    """One picture of each message in each size and theme; gives their number."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    for size, width in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=theme, timezone_id="America/New_York"
            )
            context.set_default_timeout(_PATIENCE)
            context.clock.set_fixed_time(NOW)
            page = context.new_page()
            page.goto(gallery.resolve().as_uri())
            for name in page.evaluate("[...document.querySelectorAll('.exhibit')].map((one) => one.id)"):
                # One at a time: a page of all of them is so long that each picture would take seconds.
                page.evaluate("(name) => { location.hash = encodeURIComponent(name); }", name)
                exhibit = page.locator(f'[id="{name}"]:only-of-type')
                exhibit.wait_for()
                page.evaluate(_CUT_OFF)
                exhibit.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                taken += 1
            context.close()
    return taken


def main() -> None:
    gallery, folder = Path(sys.argv[1]), Path(sys.argv[2])
    if chromium_path() is None:
        print("No pictures: there is no chromium (Debian: apt-get install chromium).")  # noqa: T201 - a script
        return
    with chromium() as browser:
        print(f"{photograph(browser, gallery, folder)} pictures in {folder}")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
