"""`sparewheel notice …`: looking at notices, trying their words, and who is never written to."""

from __future__ import annotations

from pathlib import Path

import click

from bot import app
from bot.app import House
from bot.cli import notice_reading
from bot.cli.session import environment, local_actor, open_house
from bot.core.units import plural
from bot.errors import ConfigurationError, FieldsError, NotFoundError, WordsError
from bot.services.access import Gate
from bot.services.notice_texts import NoticeTexts, RenderedNotice
from bot.services.suppressing import Suppressing
from bot.settings.notices import ProductSettings

_SAMPLE = ProductSettings(
    name="Example Product", status_url="https://status.example.com", support="help@example.com"
)


@click.group()
def notice() -> None:
    """Notices to customers."""


notice.add_command(notice_reading.listing)
notice.add_command(notice_reading.show)
notice.add_command(notice_reading.export)


@notice.command()
@click.argument("kind", required=False)
@click.argument("stage", required=False)
@click.option("--product", help="A product of the configuration; else the first, or an example.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Instead of the sample.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the mail's HTML there.")
def preview(
    kind: str | None, stage: str | None, product: str | None, variables: tuple[str, ...], html: Path | None
) -> None:
    """Show what customers would read, filled with samples. Without KIND and STAGE: which there are."""
    house = app.build(environment())
    texts, known = _words_of(house, product)
    if kind is None or stage is None:
        click.echo(_stages(texts, kind))
        return
    typed = texts.stage(kind, stage).samples | dict(_pair(each) for each in variables)
    filled = texts.read(kind, stage, typed, known.time_zone, None)
    if filled.errors:
        raise FieldsError(filled.errors)
    rendered = texts.render(kind, stage, filled.values, known)
    if html is None:
        click.echo(_terminal(rendered))
        return
    _write(html, rendered.html)


@notice.command()
@click.argument("names", metavar="[AUDIENCE]…", nargs=-1)
def audience(names: tuple[str, ...]) -> None:
    """Count who would receive a notice, and list the addresses that cannot."""
    with open_house() as house:
        found = house.recipients.resolve(names or house.recipients.names())
    for channel, number in found.counts.items():
        click.echo(f"{channel}: {plural(number, 'recipient')}")
    click.echo(
        f"left out: {plural(len(found.invalid), 'invalid address', 'invalid addresses')}, "
        f"{found.suppressed:,} suppressed; {plural(found.repeated, 'repetition')} merged"
    )
    for address in found.invalid:
        click.echo(f"  not an address: {address}")


@notice.command()
@click.argument("address")
@click.option("--reason", required=True, help="Why, for those who come later.")
def suppress(address: str, reason: str) -> None:
    """Never write to an address again."""
    with open_house() as house:
        added = Suppressing(house.pool, Gate(house.pool)).add(local_actor(), address, reason)
    click.echo("It is never written to from now on." if added else "It was on the list already.")


@notice.command()
@click.argument("address")
def unsuppress(address: str) -> None:
    """Let an address be written to again."""
    with open_house() as house:
        removed = Suppressing(house.pool, Gate(house.pool)).remove(local_actor(), address)
    click.echo("It may be written to again." if removed else "It was not on the list.")


def _words_of(house: House, product: str | None) -> tuple[NoticeTexts, ProductSettings]:
    """The team's own words and product where there is a configuration, ours where there is none."""
    if house.environment.config is None:
        return NoticeTexts(), _SAMPLE
    products = house.configuration.notices.products
    if product is not None and product not in products:
        raise NotFoundError(
            f"There is no product called {product[:40]}.",
            next_step=f"Known here: {', '.join(products) or 'none'}.",
        )
    name = product or next(iter(products), None)
    return house.notice_texts, products[name] if name else _SAMPLE


def _stages(texts: NoticeTexts, kind: str | None) -> str:
    kinds = (kind,) if kind else texts.kinds()
    return "\n".join(f"{one} {stage.name}: {stage.title}" for one in kinds for stage in texts.stages(one))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WordsError(f"{text[:40]!r} is no variable.", next_step="Write --var NAME=VALUE.")
    return name, value.replace("\\n", "\n")


def _terminal(rendered: RenderedNotice) -> str:
    line = "─" * 78
    return f"Subject: {rendered.subject}\n{line}\n{rendered.text}{line}\nIn Slack:\n{rendered.slack}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}.", next_step="Name another file with --html."
        ) from None
    click.echo(f"Written to {path}; a browser opens it.")
