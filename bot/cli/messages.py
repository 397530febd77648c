"""`sparewheel messages gallery`: every message that the product can send, on one page to be looked at."""

from __future__ import annotations

from pathlib import Path

import click

from bot.errors import ConfigurationError
from bot.gallery.collect import exhibits
from bot.gallery.page import build


@click.group()
def messages() -> None:
    """What the bot says."""


@messages.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gallery.html"),
    show_default=True,
    help="The file to write; a browser opens it without a server.",
)
def gallery(out: Path) -> None:
    """Draw every message, with ordinary and with extreme content, into one HTML file."""
    found = exhibits()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(build(found), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{out} cannot be written: {error.strerror}.", next_step="Name another file with --out."
        ) from None
    click.echo(f"{len(found)} messages in {out}")
