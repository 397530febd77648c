"""The forms of notices: what is asked, and with which values they start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.notice_fields import NoticeField
from bot.core.notices import FOLLOW_UPS, Notice, NoticeRevision, RevisionState, current
from bot.errors import NotFoundError, UserError
from bot.ledger import notice_revisions
from bot.ledger import notices as ledger
from bot.ledger.connection import LedgerPool, borrowed
from bot.services.notice_openings import opening_stage
from bot.services.notice_orphans import refuse_wordless
from bot.services.notice_stages import NoticeStage
from bot.services.notice_starts import said_again, still_true
from bot.services.notice_texts import NoticeTexts
from bot.services.notice_writing import refuse_uneditable
from bot.settings import Configuration

START, NOTICE = "notice_start", "notice_text"


@dataclass(frozen=True)
class Named:
    """Something to choose: its name in the configuration, and what people read."""

    name: str
    title: str


@dataclass(frozen=True)
class NoticeStart:
    """Asks for what the words left open: which product, which stage. `notice_id` for a matter's next word."""

    kind: str
    stages: tuple[Named, ...]
    products: tuple[Named, ...]
    notice_id: str = ""


@dataclass(frozen=True)
class NoticeForm:
    """Asks for one text. `values` as they could be typed; times in `zone`.

    `notice_id` and `number`: what is edited, or (`number` 0) the matter that this is the next word on.
    """

    stage: NoticeStage
    product: str
    product_name: str
    zone: str
    audiences: tuple[Named, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    follow_ups: tuple[Named, ...] = ()
    followed: tuple[str, ...] = ()
    send_at: datetime | None = None
    notice_id: str = ""
    number: int = 0

    @property
    def fields(self) -> tuple[NoticeField, ...]:
        """What the stage asks for."""
        return self.stage.fields


@dataclass(frozen=True)
class NoticeHelp:
    """`/notice help`: what this person may do."""

    command: str
    kinds: Sequence[str]
    may_write: bool


@dataclass(frozen=True)
class NoticeForms:
    """Makes forms with their starting values. It reads, and writes nothing."""

    pool: LedgerPool
    configuration: Configuration
    texts: NoticeTexts

    def kinds(self) -> tuple[str, ...]:
        """Every kind of notice."""
        return self.texts.kinds()

    def products(self) -> tuple[Named, ...]:
        """Every product of the configuration."""
        return tuple(Named(name, one.name) for name, one in self.configuration.notices.products.items())

    def begin(self, kind: str, product: str | None, stage: str | None = None) -> NoticeStart | NoticeForm:
        """The form of a new notice; a question before it where words and configuration leave one open.

        Raises:
            NotFoundError: no such kind, stage or product.
            UserError: no product or audience is configured, or the stage follows what customers know of.
        """
        self._refuse_unconfigured()
        opening = tuple(one for one in self.texts.stages(kind) if one.file.opens)
        if stage:
            opening = (self._opening(kind, product, stage),)
        products = (product,) if product else tuple(self.configuration.notices.products)
        if len(opening) > 1 or len(products) > 1:
            named = tuple(Named(one.name, one.title) for one in opening)
            return NoticeStart(kind, named, tuple(p for p in self.products() if p.name in products))
        return self.new(kind, opening[0].name, products[0])

    def new(self, kind: str, stage: str, product: str) -> NoticeForm:
        """The form of a new notice, with what the last one of this kind and product said.

        Raises:
            NotFoundError: no such kind, stage or product.
        """
        with borrowed(self.pool) as connection:
            last = ledger.newest_of_kind(connection, kind, product)
            said = [] if last is None else notice_revisions.every(connection, last.id)
        known = self.texts.stage(kind, stage)
        before = next((one for one in reversed(said) if one.stage == stage), None)
        chosen = before.audiences if before else tuple(self.configuration.audiences)[:1]
        followed = _followed(before, said)
        values = said_again(known, before, datetime.now(UTC))
        return self._form(known, product, values, chosen, followed=followed)

    def edit(self, notice: Notice, number: int) -> NoticeForm:
        """The form of a text as it stands.

        Raises:
            NotFoundError: no such text.
            UserError: it is on its way or over.
        """
        with borrowed(self.pool) as connection:
            said = notice_revisions.every(connection, notice.id)
        found = next((one for one in said if one.number == number), None)
        if found is None:
            raise NotFoundError(f"Notice {notice.id} has no text {number}.", next_step="`/notice list`")
        refuse_uneditable(found)
        known = self.texts.stage(notice.kind, found.stage)
        return self._form(
            known,
            notice.product,
            found.variables,
            found.audiences,
            notice_id=notice.id,
            number=number,
            send_at=found.send_at,
            followed=_followed(found, said),
        )

    def update(self, notice: Notice, stage: str | None = None) -> NoticeStart | NoticeForm:
        """The form of the next word on a matter; without a stage, the question which one.

        Raises:
            NotFoundError: no such stage.
            UserError: its kind or product has left the configuration.
        """
        refuse_wordless(notice, self.configuration, self.texts)
        if stage is None:
            stages = tuple(Named(s.name, s.title) for s in self.texts.stages(notice.kind) if not s.file.opens)
            return NoticeStart(notice.kind, stages, (), notice.id)
        with borrowed(self.pool) as connection:
            said = notice_revisions.every(connection, notice.id)
        known = self.texts.stage(notice.kind, stage)
        newest = current([one for one in said if one.state is RevisionState.SENT])
        kept = still_true(known, newest, datetime.now(UTC))
        return self._form(known, notice.product, kept, notice.audiences, notice_id=notice.id)

    def _opening(self, kind: str, product: str | None, stage: str) -> NoticeStage:
        products = tuple(self.configuration.notices.products)
        return opening_stage(self.pool, self.texts, products, (kind, product, stage))

    def _form(
        self,
        stage: NoticeStage,
        product: str,
        values: Mapping[str, str],
        chosen: tuple[str, ...],
        *,
        notice_id: str = "",
        number: int = 0,
        send_at: datetime | None = None,
        followed: tuple[str, ...] = (),
    ) -> NoticeForm:
        settings = self.configuration.notices.products.get(product)
        if settings is None:
            known = ", ".join(self.configuration.notices.products)
            raise NotFoundError(f"There is no product called {product[:40]}.", next_step=f"Known: {known}.")
        follows = self._follow_ups(stage)
        return NoticeForm(
            stage=stage,
            product=product,
            product_name=settings.name,
            zone=settings.time_zone,
            audiences=tuple(Named(name, name) for name in self.configuration.audiences),
            values=values,
            chosen=chosen,
            follow_ups=follows,
            followed=tuple(one.name for one in follows if one.name in followed),
            send_at=send_at,
            notice_id=notice_id,
            number=number,
        )

    def _follow_ups(self, stage: NoticeStage) -> tuple[Named, ...]:
        """What can be approved together with it: what has a time of its own, where a window is announced."""
        if stage.file.ends or not (stage.file.starts_at and stage.file.ends_at):
            return ()
        stages = self.texts.stages(stage.kind)
        return tuple(Named(one.name, one.title) for one in stages if one.name in FOLLOW_UPS)

    def _refuse_unconfigured(self) -> None:
        for found, table in (
            (self.configuration.notices.products, "notices.products.NAME"),
            (self.configuration.audiences, "audiences.NAME"),
        ):
            if not found:
                raise UserError(
                    f"Nobody can be told anything yet: the configuration has no table [{table}].",
                    next_step="Add one; the README shows how.",
                )


def _followed(revision: NoticeRevision | None, said: Sequence[NoticeRevision]) -> tuple[str, ...]:
    if revision is None:
        return ()
    covered = (one.stage for one in said if one.covered_by == revision.number)
    return tuple(dict.fromkeys(covered))
