"""`/notice`: what customers are told; the words and forms, handed to the services that answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.notice_fields import FieldType
from bot.core.people import Action, Actor
from bot.core.reply import FormReply, Reply, Request, Submission
from bot.errors import NotAllowedError, UserError, WordsError
from bot.services.notice_forms import NoticeForm, NoticeForms, NoticeHelp, NoticeStart
from bot.services.notice_views import NoticeAnswer, NoticeDetails, NoticeList, NoticeMessage
from bot.services.notice_writing import NoticeInput
from commands.notice_words import COMMAND, Begin, OnNotice, OnRecipient, Plain, parse


class Writing(Protocol):
    """What this command needs of `bot.services.notices.Notices`."""

    def draft(self, actor: Actor, typed: NoticeInput, key: str) -> NoticeMessage:
        """Write a new matter."""

    def follow_up(self, actor: Actor, notice_id: str, typed: NoticeInput, key: str) -> NoticeMessage:
        """Write the next text of a matter."""

    def edit(self, actor: Actor, notice_id: str, number: int, typed: NoticeInput, key: str) -> NoticeMessage:
        """Replace a text."""

    def submit(self, actor: Actor, notice_id: str, number: int) -> NoticeMessage:
        """Ask others to read it."""

    def withdraw(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """Take it back."""


class Reading(Protocol):
    """What this command needs of `bot.services.notice_reading.NoticeReading`."""

    def message(self, notice_id: str) -> NoticeMessage:
        """A notice as of now."""

    def newest(self, actor: Actor) -> NoticeList:
        """The list."""

    def show(self, actor: Actor, notice_id: str) -> NoticeDetails:
        """Everything about one."""


class Sending(Protocol):
    """What this command needs of `bot.services.notice_sending.NoticeSending`."""

    def confirm_send(self, actor: Actor, notice_id: str, number: int, recipients: int) -> NoticeMessage:
        """The last yes."""

    def rehearse(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """To the team alone."""


class Retrying(Protocol):
    """What this command needs of `bot.services.notice_retrying.NoticeRetrying`."""

    def failed(self, actor: Actor, notice_id: str, number: int) -> NoticeMessage:
        """Try those that failed again."""

    def unknown(self, actor: Actor, delivery_id: int, answer: Literal["sent", "send-again"]) -> NoticeMessage:
        """Say how one went."""


class Counting(Protocol):
    """What this command needs of `bot.services.notice_counting.NoticeCounting`."""

    def again(self, actor: Actor, notice_id: str, number: int) -> NoticeAnswer:
        """Count whom a draft reaches once more."""


class Closing(Protocol):
    """What this command needs of `bot.services.notice_closing.NoticeClosing`."""

    def close(self, actor: Actor, notice_id: str, reason: str) -> NoticeAnswer:
        """End a matter without another word."""


@dataclass(frozen=True)
class NoticeDesk:
    """The services behind `/notice`."""

    writing: Writing
    reading: Reading
    sending: Sending
    retrying: Retrying
    counting: Counting
    closing: Closing
    forms: NoticeForms


def answer(request: Request, actor: Actor, desk: NoticeDesk) -> Reply:
    """Answer one command.

    Raises:
        SparewheelError: the refusal, for whoever shows it.
    """
    products = tuple(one.name for one in desk.forms.products())
    match parse(request.text, desk.forms.kinds(), products):
        case Plain("help"):
            may = actor.may(Action.WRITE_NOTICE)
            return Reply(NoticeHelp(request.command or COMMAND, desk.forms.kinds(), may))
        case Plain():
            return Reply(desk.reading.newest(actor))
        case Begin(kind, product, stage):
            _refuse_readers(actor)
            return Reply(form=desk.forms.begin(kind, product, stage))
        case OnRecipient(verb, delivery_id):
            return _on_recipient(verb, delivery_id, actor, desk)
        case OnNotice() as wanted:
            return _on_notice(wanted, actor, desk)


def _on_notice(wanted: OnNotice, actor: Actor, desk: NoticeDesk) -> Reply:  # noqa: PLR0911 - one return per verb
    if wanted.verb == "show":
        return Reply(desk.reading.show(actor, wanted.notice_id), file=True)
    if wanted.verb == "close":
        return Reply(desk.closing.close(actor, wanted.notice_id, wanted.more))
    message = desk.reading.message(wanted.notice_id)
    notice, number = message.notice, wanted.number or message.current.number
    match wanted.verb:
        case "edit":
            _refuse_readers(actor)
            return Reply(form=desk.forms.edit(notice, number))
        case "update":
            _refuse_readers(actor)
            return Reply(form=desk.forms.update(notice, wanted.more or None))
        case "submit":
            submitted = desk.writing.submit(actor, notice.id, number)
            return Reply(NoticeAnswer(submitted.notice, submitted.current, "submitted"))
        case "withdraw":
            return Reply(desk.writing.withdraw(actor, notice.id, number))
        case "rehearse":
            return Reply(desk.sending.rehearse(actor, notice.id, number))
        case "retry":
            return Reply(
                NoticeAnswer(notice, desk.retrying.failed(actor, notice.id, number).current, "retried")
            )
        case "count":
            return Reply(desk.counting.again(actor, notice.id, number))
        case _:
            recipients = _counted(wanted)
            sent = desk.sending.confirm_send(actor, notice.id, number, recipients)
            said = "scheduled" if sent.waits_for == "time" else "sending"
            return Reply(NoticeAnswer(sent.notice, sent.current, said, recipients))


def _on_recipient(verb: str, delivery_id: int, actor: Actor, desk: NoticeDesk) -> Reply:
    sent = verb == "sent"
    message = desk.retrying.unknown(actor, delivery_id, "sent" if sent else "send-again")
    return Reply(NoticeAnswer(message.notice, message.current, "known-sent" if sent else "sent-again"))


def _counted(wanted: OnNotice) -> int:
    if not wanted.more.isdecimal():
        raise WordsError(
            "Sending takes the number of recipients, so that nobody is told by accident.",
            next_step=f"Press the button, or type `{COMMAND} send {wanted.notice_id} NUMBER`.",
        )
    return int(wanted.more)


def started(sent: Submission, actor: Actor, desk: NoticeDesk) -> FormReply:
    """The question before the form: which product, which stage."""
    _refuse_readers(actor)
    kind, _, notice_id = sent.private.partition("/")
    form: NoticeStart | NoticeForm
    if notice_id:
        form = desk.forms.update(desk.reading.message(notice_id).notice, sent.text("stage"))
    else:
        form = desk.forms.new(kind, sent.text("stage"), sent.text("product"))
    return FormReply(next=form)


def written(sent: Submission, actor: Actor, desk: NoticeDesk) -> FormReply:
    """A text that was filled in. The form's own id is the key: sent off twice, it is written once."""
    kind, stage, product, notice_id, number = _carried(sent.private)
    typed = _typed(sent, desk, (kind, stage, product))
    if not notice_id:
        made = desk.writing.draft(actor, typed, sent.view_id)
        return FormReply(view=NoticeAnswer(made.notice, made.current, "drafted"))
    if not number:
        made = desk.writing.follow_up(actor, notice_id, typed, sent.view_id)
        return FormReply(view=NoticeAnswer(made.notice, made.current, "drafted"))
    made = desk.writing.edit(actor, notice_id, number, typed, sent.view_id)
    return FormReply(view=NoticeAnswer(made.notice, made.current, "edited-void" if made.voided else "edited"))


def _typed(sent: Submission, desk: NoticeDesk, about: tuple[str, str, str]) -> NoticeInput:
    kind, stage, product = about
    variables: dict[str, str] = {}
    for one in desk.forms.texts.variables(kind, stage):
        match one.type:
            case FieldType.DATETIME:
                variables[one.name] = sent.moment(one.name)
            case FieldType.CHECKED:
                variables[one.name] = "yes" if sent.chosen(one.name) else ""
            case _:
                variables[one.name] = sent.text(one.name)
    return NoticeInput(
        kind=kind,
        stage=stage,
        product=product,
        variables=variables,
        audiences=sent.chosen("audiences"),
        send_at=sent.moment("send_at"),
        follow_ups=sent.chosen("follow_ups"),
        channel=sent.channel or None,
    )


def _carried(private: str) -> tuple[str, str, str, str, int]:
    parts = private.split("/")
    if len(parts) != 5 or not parts[4].isdecimal():  # noqa: PLR2004 - as the form wrote them
        raise UserError("This form has lost what it is about.", next_step="Open it again.")
    return parts[0], parts[1], parts[2], parts[3], int(parts[4])


def _refuse_readers(actor: Actor) -> None:
    """Nobody fills in a form that is refused in the end; the service itself asks once more."""
    if not actor.may(Action.WRITE_NOTICE):
        raise NotAllowedError("Writing to customers needs the role operator, approver or administrator.")
