"""Notices: drafted, read, sent, in trouble and over, and the forms. Their texts come from the templates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.delivery import ChannelCounts, DeliveryState, DeliverySummary, Trouble
from bot.core.notice_fields import FieldType, NoticeField
from bot.core.notices import (
    LAPSED,
    Notice,
    NoticeEvent,
    NoticePhase,
    NoticeRevision,
    NoticeText,
    Reach,
    RevisionState,
    Window,
)
from bot.gallery.samples.approvals import APPROVED, DECLINED
from bot.gallery.samples.values import ARABIC, EVIL, HEBREW, LONG, NOW
from bot.services.notice_forms import Named, NoticeForm, NoticeHelp, NoticeStart
from bot.services.notice_texts import NoticeTexts
from bot.services.notice_views import (
    NoticeAnswer,
    NoticeAsk,
    NoticeDetails,
    NoticeHistoryLine,
    NoticeList,
    NoticeMessage,
)
from bot.settings.notices import ProductSettings

_TEXTS = NoticeTexts()
_ZONE = "America/New_York"
_PRODUCT = ProductSettings(name="Cruzonic", time_zone=_ZONE)
# The one that the templates' own samples speak of.
WINDOW = Window(datetime(2030, 3, 5, 7, tzinfo=UTC), datetime(2030, 3, 5, 9, tzinfo=UTC))
_STAGE = _TEXTS.stage("maintenance", "scheduled")


def _text(kind: str, stage: str, **changed: str) -> NoticeText:
    typed = _TEXTS.stage(kind, stage).samples | changed
    filled = _TEXTS.read(kind, stage, typed, _ZONE, None)
    assert not filled.errors, filled.errors
    rendered = _TEXTS.render(kind, stage, filled.values, _PRODUCT)
    return NoticeText(rendered.subject, rendered.text, rendered.html, rendered.slack)


MATTER = Notice(
    id="n1n2n3n4",
    kind="maintenance",
    product="cruzonic",
    databases=("cruzonic",),
    audiences=("customers",),
    team="T0SANDBOX",
    channel="C0OPS",
    owner="U0OMAR",
    source="slack",
    phase=NoticePhase.DRAFT,
    created_at=NOW - timedelta(hours=1),
)
DRAFT = NoticeRevision(
    notice_id=MATTER.id,
    number=1,
    stage="scheduled",
    title="Planned maintenance",
    severity="info",
    status="scheduled",
    state=RevisionState.DRAFT,
    variables=_STAGE.samples,
    text=_text("maintenance", "scheduled"),
    audiences=("customers",),
    content_hash="ab12cd34ef56" * 5 + "abcd",
    bundle_hash="cd34ef56ab12" * 5 + "cdef",
    recipients=1240,
    author="U0OMAR",
    created_at=NOW - timedelta(hours=1),
    window=WINDOW,
)
REACH = Reach(1240, (("mail", 1238), ("slack", 2)), 3)
_REMINDER = replace(
    DRAFT,
    number=2,
    stage="reminder",
    title="Reminder",
    text=_text("maintenance", "reminder"),
    send_at=WINDOW.start - timedelta(hours=24),
    covered_by=1,
)


def _in(state: RevisionState, **more: Any) -> NoticeRevision:
    return replace(DRAFT, state=state, **more)


def _message(revision: NoticeRevision, **more: Any) -> NoticeMessage:
    return replace(NoticeMessage(MATTER, revision, NOW, reach=REACH, time_zone=_ZONE), **more)


def _summary(finished: datetime | None = None, **counts: int) -> DeliverySummary:
    of = {DeliveryState(name): number for name, number in counts.items()}
    channels = (ChannelCounts("mail", of), ChannelCounts("slack", {DeliveryState.SENT: 2}))
    failed = tuple(
        Trouble(n, "mail", f"person{n}@example.com", "550 no such user")
        for n in range(counts.get("failed", 0))
    )
    unknown = tuple(
        Trouble(70 + n, "mail", f"someone{n}@example.com", "The process ended while it was handed over.")
        for n in range(counts.get("unknown", 0))
    )
    return DeliverySummary(
        "s1s2s3s4", MATTER.id, 1, rehearsal=False, finished_at=finished, channels=channels, failed=failed,
        unknown=unknown,
    )  # fmt: skip


_LIVE = replace(MATTER, phase=NoticePhase.LIVE, window=WINDOW)
_SENT = _in(RevisionState.SENT, sent_at=NOW, confirmed_by="U0OMAR", sending_at=NOW)
_DONE = _summary(NOW, sent=1238)
_NOBODY = replace(_DONE, channels=(ChannelCounts("mail", {DeliveryState.SUPPRESSED: 3}),))
_SILENT = "The query of the audience customers failed (SQLSTATE 57014). Try it by hand, then mend it."
_HELD = _in(RevisionState.SCHEDULED, send_at=NOW, confirmed_recipients=1240, held_recipients=1900)
_EVENTS = (
    NoticeEvent(1, NOW, "drafted", "U0OMAR", 1, "scheduled"),
    NoticeEvent(2, NOW, "submitted", "U0OMAR", 1, "scheduled"),
    NoticeEvent(3, NOW, "changes-wanted", "U0ANDRE", 1, "scheduled", "Two hours, please."),
)
_REHEARSAL_FAILED = NoticeEvent(
    4, NOW, "rehearsal-failed", "clock", 1, "scheduled", "Slack refused it (not_in_channel)."
)
_EVIL_TEXT = _text("maintenance", "scheduled", service=EVIL[:150], expect=(EVIL + LONG)[:2000], new=EVIL)
WORST = replace(
    DRAFT,
    title=EVIL + LONG,
    text=_EVIL_TEXT,
    audiences=(EVIL,) * 30,
    author=EVIL,
    note=EVIL + LONG,
    confirmed_by=EVIL,
    variables={"service": EVIL, "expect": EVIL + LONG},
)
_WORST_MATTER = replace(
    MATTER, owner=EVIL, product="p" * 40, phase=NoticePhase.LIVE, window=WINDOW, audiences=(EVIL,) * 30
)
_WORST_SUMMARY = replace(
    _summary(failed=300, unknown=300, sent=5),
    channels=(ChannelCounts("c" * 40, {DeliveryState.SENT: 5, DeliveryState.FAILED: 300}, EVIL + LONG),) * 20,
    failed=(Trouble(1, "c" * 40, EVIL, EVIL + LONG),) * 300,
    unknown=(Trouble(2, "c" * 40, EVIL, EVIL + LONG),) * 300,
)
_FULL = NoticeDetails(
    _message(_SENT, notice=_LIVE, deliveries={1: _DONE}), (_SENT, _REMINDER), (APPROVED, DECLINED), _EVENTS
)

VIEWS: dict[str, object] = {
    "notice drafted": _message(DRAFT),
    "notice being counted": _message(replace(DRAFT, recipients=None), reach=None),
    "notice that could not be counted": _message(
        replace(DRAFT, recipients=None, count_problem=_SILENT), reach=None
    ),
    "notice drafted with what follows": _message(DRAFT, covered=(_REMINDER,)),
    "notice with changes wanted": _message(
        replace(DRAFT, note="Two hours, please: the last one took 80 min.")
    ),
    "notice waiting for approval": _message(_in(RevisionState.SUBMITTED)),
    "notice approved": _message(_in(RevisionState.APPROVED)),
    "notice scheduled": _message(_in(RevisionState.SCHEDULED, send_at=NOW + timedelta(days=1))),
    "notice held back": _message(_HELD),
    "notice that lost its product": _message(_SENT, notice=_LIVE, missing=("the product cruzonic",)),
    "notice that reached nobody": _message(_SENT, notice=_LIVE, deliveries={1: _NOBODY}, sent=(_SENT,)),
    "notice whose approval lapsed": _message(replace(DRAFT, note=LAPSED)),
    "notice being sent": _message(
        _in(RevisionState.SENDING), deliveries={1: _summary(sent=311, waiting=926, begun=1)}
    ),
    "notice sent": _message(_SENT, notice=_LIVE, deliveries={1: _DONE}, sent=(_SENT,)),
    "notice sent with trouble": _message(
        _SENT, notice=_LIVE, deliveries={1: _summary(NOW, sent=1229, failed=8, unknown=1)}, sent=(_SENT,)
    ),
    "notice withdrawn while it was being sent": _message(
        _SENT,
        notice=_LIVE,
        deliveries={
            1: replace(_summary(NOW, sent=420, withdrawn=818), withdrawn_at=NOW, withdrawn_by="U0OMAR")
        },
        sent=(_SENT,),
    ),
    "notice withdrawn": _message(
        _in(RevisionState.WITHDRAWN, note="by U0OMAR"), notice=replace(MATTER, phase=NoticePhase.WITHDRAWN)
    ),
    "notice over": _message(_SENT, notice=replace(_LIVE, phase=NoticePhase.OVER), deliveries={1: _DONE}),
    "notice drafted, said": NoticeAnswer(MATTER, DRAFT, "drafted"),
    "notice being sent, said": NoticeAnswer(MATTER, DRAFT, "sending", 1240),
    "notice's promise is late": NoticeAsk(replace(_LIVE, promised_at=NOW), "promise", NOW),
    "notice's window began": NoticeAsk(_LIVE, "started", NOW),
    "notice's window is over": NoticeAsk(_LIVE, "completed", NOW),
    "notice's rehearsal failed": NoticeHistoryLine(MATTER, _REHEARSAL_FAILED, "Planned maintenance"),
    "notice's audience has changed": NoticeAsk(_LIVE, "recount", NOW, _HELD),
    "notice's history": NoticeHistoryLine(MATTER, _EVENTS[2], "Planned maintenance"),
    "notices": NoticeList(((_LIVE, _SENT), (MATTER, None)), NOW),
    "notices none": NoticeList((), NOW),
    "notice in full": _FULL,
    "notice help": NoticeHelp("/notice", ("emergency", "maintenance"), may_write=True),
    "notice help for a viewer": NoticeHelp("/notice", (), may_write=False),
    "right to left notice": _message(
        replace(DRAFT, text=_text("maintenance", "scheduled", service=ARABIC, expect=HEBREW))
    ),
    "worst notice": _message(WORST, notice=_WORST_MATTER, covered=(WORST,) * 20, sent=(WORST,) * 40),
    "worst notice in trouble": _message(
        replace(WORST, state=RevisionState.SENT, sent_at=NOW),
        notice=_WORST_MATTER,
        deliveries=dict.fromkeys(range(1, 9), _WORST_SUMMARY),
        reach=Reach(10**7, tuple((f"{n}{'c' * 38}", n) for n in range(30)), 10**6),
    ),
    "worst notices": NoticeList(((_WORST_MATTER, WORST),) * 60, NOW),
    "worst notice in full": replace(
        _FULL,
        message=_message(WORST, notice=_WORST_MATTER, deliveries={1: _WORST_SUMMARY}),
        revisions=(WORST,) * 20,
        events=(NoticeEvent(1, NOW, EVIL, EVIL, 1, EVIL, EVIL + LONG),) * 60,
    ),
    "worst notice history": NoticeHistoryLine(
        MATTER, NoticeEvent(1, NOW, EVIL, EVIL, 1, EVIL, EVIL + LONG), EVIL + LONG
    ),
    "worst notice's audience": NoticeAsk(
        _WORST_MATTER, "recount", NOW, replace(WORST, confirmed_recipients=10**7, held_recipients=10**8)
    ),
    "worst notice not counted": _message(
        replace(WORST, recipients=None, count_problem=EVIL + LONG), notice=_WORST_MATTER, reach=None
    ),
    "worst notice without its parts": _message(
        WORST, notice=_WORST_MATTER, missing=(f"the product {EVIL}",) * 30
    ),
    "worst notice help": NoticeHelp("/notice", ("k" * 30,) * 40, may_write=True),
}

_AUDIENCES = (Named("customers", "customers"), Named("partners", "partners"))
_FORM = NoticeForm(
    stage=_STAGE,
    product="cruzonic",
    product_name="Cruzonic",
    zone=_ZONE,
    audiences=_AUDIENCES,
    values={name: value for name, value in _STAGE.samples.items() if name not in ("start", "end")},
    chosen=("customers",),
    follow_ups=(Named("reminder", "Reminder"), Named("started", "Maintenance has started")),
    followed=("reminder",),
)
_ODD = NoticeField("mode", FieldType.CHOICE, "L" * 75, "a", hint="h" * 150, choices=("c" * 75, "d" * 75))
FORMS: dict[str, object] = {
    "notice": _FORM,
    "notice, edited": replace(
        _FORM,
        values=dict(DRAFT.variables) | {"start": WINDOW.start.isoformat(), "interruption": "300.000000s"},
        send_at=NOW,
        notice_id=MATTER.id,
        number=1,
    ),
    "notice of an emergency": replace(_FORM, stage=_TEXTS.stage("emergency", "investigating"), follow_ups=()),
    "notice, begun": NoticeStart(
        "maintenance", (Named("scheduled", "Planned maintenance"),), (Named("cruzonic", "Cruzonic"),)
    ),
    "notice, the next word": NoticeStart("maintenance", (Named("started", "Started"),), (), MATTER.id),
    "worst notice": replace(
        _FORM,
        stage=replace(_STAGE, fields=(*_STAGE.fields, _ODD)),
        product_name=EVIL,
        values={"service": EVIL * 40, "expect": LONG, "new": EVIL * 40, "interruption": LONG, "mode": EVIL},
        audiences=tuple(Named(f"a{n}", "a" * 90) for n in range(300)),
        chosen=tuple(f"a{n}" for n in range(300)),
    ),
}
