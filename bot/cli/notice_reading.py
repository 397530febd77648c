"""`sparewheel notice list`, `show` and `export`: looking at what customers were told, and keeping it."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.session import local_actor, open_house
from bot.core.delivery import DeliveryState, DeliverySummary
from bot.core.notices import Notice, NoticeRevision
from bot.core.units import plural
from bot.errors import ConfigurationError
from bot.services import notice_export
from bot.services.notice_views import NoticeDetails, NoticeList


@click.command("list")
def listing() -> None:
    """The newest notices, and where each one stands."""
    with open_house() as house:
        click.echo(list_text(house.notices.reading.newest(local_actor())))


@click.command()
@click.argument("notice_id", metavar="ID")
@click.option("--text", is_flag=True, help="The exact words of every text, in every format.")
def show(notice_id: str, *, text: bool) -> None:
    """One notice: its texts, how each was delivered, and who approved it."""
    with open_house() as house:
        details = house.notices.reading.show(local_actor(), notice_id)
    click.echo(details_text(details))
    if text:
        click.echo("\n" + notice_export.texts(details.revisions, details.message.time_zone))


@click.command()
@click.argument("notice_id", metavar="ID")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; else the terminal.")
def export(notice_id: str, output: Path | None) -> None:
    """Everything about one notice as Markdown, for keeping. It holds no customer's address."""
    with open_house() as house:
        written = notice_export.markdown(house.notices.reading.show(local_actor(), notice_id))
    if output is None:
        click.echo(written, nl=False)
        return
    try:
        output.write_text(written, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{output} cannot be written: {error.strerror}.", next_step="Name another file with --output."
        ) from None
    click.echo(f"Written to {output}.")


def list_text(view: NoticeList) -> str:
    """One line a notice, the newest first."""
    return "\n".join(_row(notice, revision) for notice, revision in view.entries) or "No notice yet."


def details_text(details: NoticeDetails) -> str:
    """Where a notice stands, a line for each text, and what people decided."""
    notice = details.message.notice
    lines = [f"Notice {notice.id}: {notice.kind} of {notice.product}, {notice.phase.value}."]
    for revision in details.revisions:
        delivery = details.message.deliveries.get(revision.number)
        lines.append(
            f"  {revision.number:>3}  {revision.state.value:<9}  {_printable(revision.text.subject)}"
        )
        lines.append(f"       {_how(revision, delivery)}")
    for approval in details.approvals:
        said = ", ".join(f"{each.verdict.value} by {each.user}" for each in approval.decisions)
        lines.append(f"  approval {approval.id} of text {approval.subject}: {approval.state.value}. {said}")
    return "\n".join(lines)


def _row(notice: Notice, revision: NoticeRevision | None) -> str:
    about = _printable(revision.text.subject) if revision else "-"
    state = revision.state.value if revision else "-"
    return f"{notice.id}  {notice.created_at:%Y-%m-%d %H:%M}  {notice.phase.value:<9}  {state:<9}  {about}"


def _how(revision: NoticeRevision, delivery: DeliverySummary | None) -> str:
    if delivery is None:
        when = f"{revision.send_at:%Y-%m-%d %H:%M} UTC" if revision.send_at else "at once"
        if revision.recipients is None:
            return f"recipients not counted, {when}"
        return f"for {plural(revision.recipients, 'recipient')}, {when}"
    counts = [f"{delivery.count(state):,} {state.value}" for state in DeliveryState if delivery.count(state)]
    return f"{plural(delivery.total, 'recipient')}: {', '.join(counts)}"


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
