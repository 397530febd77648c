"""From what somebody typed to the exact texts: checked, rendered, hashed, and with those that follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.notice_fields import FieldType, Filled, Value, canonical, place
from bot.core.notice_moments import WrongError, moment, refuse_far
from bot.core.notice_times import span_text
from bot.core.notices import (
    EDITABLE,
    Notice,
    NoticeRevision,
    NoticeText,
    Window,
    bundle_hash,
    follow_up_times,
)
from bot.errors import FieldsError, UserError
from bot.ledger.notice_revisions import NewRevision
from bot.services.notice_audience import audience_zones
from bot.services.notice_stages import NoticeStage
from bot.services.notice_texts import NoticeTexts, content_hash
from bot.settings import Configuration
from bot.settings.notices import ProductSettings

AT_ONCE = "at once"


@dataclass(frozen=True)
class NoticeInput:
    """What was typed; all of it untrusted. `send_at` empty: at once. `follow_ups`: stages approved together.

    Times without an offset are in the product's zone.
    """

    kind: str
    stage: str
    product: str
    variables: Mapping[str, str]
    audiences: tuple[str, ...]
    send_at: str = ""
    follow_ups: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True)
class Written:
    """A text and those that it covers; all with one bundle hash."""

    first: NewRevision
    covered: tuple[NewRevision, ...]
    product: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class NoticeWriter:
    """Makes texts. It writes nothing, and reads no recipients: a person waits for its answer."""

    configuration: Configuration
    texts: NoticeTexts

    def write(
        self,
        typed: NoticeInput,
        author: str,
        authors: frozenset[str],
        now: datetime,
        notice: Notice | None = None,
    ) -> Written:
        """The texts of what was typed; `notice`: the matter that they are about, where there is one.

        Raises:
            FieldsError: with a sentence for each field that is wrong.
            NotFoundError: no such kind or stage.
        """
        stage = self.texts.stage(typed.kind, typed.stage)
        product = self._product(typed.product)
        _refuse_no_audience(typed.audiences, self.configuration)
        filled = self.texts.read(
            typed.kind, typed.stage, typed.variables, product.time_zone, now, picked=True
        )
        send_at, wrong = _send_at(typed.send_at, product.time_zone, now)
        if errors := dict(filled.errors) | wrong:
            raise FieldsError(errors)
        window = _window(stage, filled.values, notice, now)
        _refuse_longer(stage, filled.values, window)
        if window and stage.file.starts_at and not stage.file.ends and send_at and send_at >= window.start:
            raise FieldsError({"send_at": "This is after the window begins; customers must be told before."})
        self_made = _Maker(self, typed, product, author, authors)
        first = self_made.revision(stage, filled.values, send_at, window)
        covered = self._covered(self_made, stage, filled, window, send_at or now)
        whole = bundle_hash([each.content_hash for each in (first, *covered)])
        return Written(
            first=replace(first, bundle_hash=whole),
            covered=tuple(replace(each, bundle_hash=whole) for each in covered),
            product=typed.product,
            databases=(product.database,) if product.database else (),
        )

    def _product(self, name: str) -> ProductSettings:
        products = self.configuration.notices.products
        if name not in products:
            known = ", ".join(products) or "none; add one under [notices.products.NAME]"
            raise FieldsError({"product": f"There is no product called {name[:40]}. Known: {known}."})
        return products[name]

    def _covered(
        self, maker: _Maker, stage: NoticeStage, filled: Filled, window: Window | None, after: datetime
    ) -> list[NewRevision]:
        """The follow-ups that are wanted, written now so that they are read together with the first."""
        wanted = maker.typed.follow_ups
        if not wanted:
            return []
        if window is None or stage.file.ends:
            raise FieldsError({"follow_ups": "Only a notice with a window can be followed by others."})
        times = follow_up_times(wanted, window, self.configuration.notices.reminders, after)
        return [maker.follow_up(self.texts.stage(stage.kind, name), filled, at, window) for name, at in times]


@dataclass(frozen=True)
class _Maker:
    """What all texts of one bundle share."""

    writer: NoticeWriter
    typed: NoticeInput
    product: ProductSettings
    author: str
    authors: frozenset[str]

    def revision(
        self,
        stage: NoticeStage,
        values: Mapping[str, Value],
        send_at: datetime | None,
        window: Window | None,
    ) -> NewRevision:
        zones = audience_zones(self.writer.configuration, self.typed.product, self.typed.audiences)
        rendered = self.writer.texts.render(stage.kind, stage.name, values, self.product, zones=zones)
        when = send_at.isoformat() if send_at else AT_ONCE
        promised = values.get(stage.file.promises or "")
        hashed = content_hash(rendered, ", ".join(self.typed.audiences), when)
        return NewRevision(
            stage=stage.name,
            title=stage.title,
            severity=stage.file.severity,
            status=stage.file.status,
            variables=canonical(values),
            text=NoticeText(rendered.subject, rendered.text, rendered.html, rendered.slack),
            audiences=self.typed.audiences,
            content_hash=hashed,
            bundle_hash=hashed,
            author=self.author,
            authors=self.authors,
            send_at=send_at,
            window=window,
            promised_at=promised if isinstance(promised, datetime) else None,
            ends=stage.file.ends,
            needed=stage.file.approvals,
        )

    def follow_up(self, stage: NoticeStage, filled: Filled, at: datetime, window: Window) -> NewRevision:
        """One that is sent at its time. A time that it asks for and nobody gave is the one it goes out at."""
        given = {field.name: filled.values.get(field.name) for field in stage.fields}
        for field in stage.fields:
            if field.type is FieldType.DATETIME and field.required and given[field.name] is None:
                given[field.name] = at
        typed = canonical(given)
        again = self.writer.texts.read(stage.kind, stage.name, typed, self.product.time_zone, None)
        if again.errors:
            needs = ", ".join(field.label.lower() for field in stage.fields if field.name in again.errors)
            raise FieldsError(
                {"follow_ups": f"{stage.title} cannot be prepared now: it needs {needs}. Leave it out."}
            )
        return self.revision(stage, again.values, at, window)


def _refuse_no_audience(names: Sequence[str], configuration: Configuration) -> None:
    unknown = [name for name in names if name not in configuration.audiences]
    if not names or unknown:
        known = ", ".join(configuration.audiences) or "none; add one under [audiences.NAME]"
        raise FieldsError({"audiences": f"Choose who is told. Known here: {known}."})


def _send_at(typed: str, zone: str, now: datetime) -> tuple[datetime | None, dict[str, str]]:
    if not typed.strip():
        return None, {}
    try:
        at = moment(typed.strip(), zone, picked=True)
        refuse_far(at, now)
    except WrongError as wrong:
        return None, {place("send_at", wrong.of_day): str(wrong)}
    if at <= now:
        return None, {"send_at": "This time is past; leave it empty to send at once."}
    return at, {}


def _window(
    stage: NoticeStage, values: Mapping[str, Value], notice: Notice | None, now: datetime
) -> Window | None:
    """The window that a text announces; one that names an end only goes on from the one announced before."""
    end = values.get(stage.file.ends_at or "")
    start = values.get(stage.file.starts_at or "")
    if not isinstance(end, datetime):
        return None
    if not isinstance(start, datetime):
        start = notice.window.start if notice and notice.window else min(now, end)
    if end <= start:
        raise FieldsError({stage.file.ends_at or "end": "This must come after the start."})
    return Window(start.astimezone(UTC), end.astimezone(UTC))


def _refuse_longer(stage: NoticeStage, values: Mapping[str, Value], window: Window | None) -> None:
    """An interruption that outlasts the window it is announced for: one of the two is wrong."""
    if window is None:
        return
    length = (window.end - window.start).total_seconds()
    for field in stage.fields:
        span = values.get(field.name)
        if field.within_window and isinstance(span, float) and span > length:
            said = f"This is longer than the window itself, which takes {span_text(length)}."
            raise FieldsError({field.name: said})


def refuse_uneditable(text: NoticeRevision) -> None:
    """What is on its way or over stays as it is.

    Raises:
        UserError: it is.
    """
    if text.state not in EDITABLE or text.covered_by:
        raise not_in_this_state("edited", text.state.value)


def not_in_this_state(what: str, state: str) -> UserError:
    """A button of a message that is not true any more, answered politely."""
    return UserError(
        f"This text is {state} by now, so it cannot be {what}. Nothing was changed.",
        next_step="Look at the notice's message: it shows how it stands.",
    )
