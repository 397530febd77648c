"""Every button that does something: a command that a person could have typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commands import alerts, approvals, notice_words, restore_words, suggest

CANCEL, CHECK, DETAILS = "backup_cancel", "backup_check", "backup_details"
PROVE, STOP_TEST = "restore_test", "restore_test_cancel"
BACK_UP, STATUS, REPORT = "backup_now", "backup_status", "backup_report"
APPROVE, DECLINE, WITHDRAW = "approval_approve", "approval_decline", "approval_withdraw"
APPROVAL_SHOW, BREAK_GLASS = "approval_show", "approval_break_glass"
NOTICE_SUBMIT, NOTICE_EDIT, NOTICE_WITHDRAW = "notice_submit", "notice_edit", "notice_withdraw"
NOTICE_REHEARSE, NOTICE_SEND, NOTICE_NEXT = "notice_rehearse", "notice_send", "notice_update"
NOTICE_RETRY, NOTICE_SENT, NOTICE_AGAIN = "notice_retry", "notice_sent", "notice_again"
NOTICE_SHOW, NOTICE_COUNT, NOTICE_CLOSE = "notice_show", "notice_count", "notice_close"
RESUME = "schedule_resume"
ALERT_TAKE, ALERT_SHOW = "alert_acknowledge", "alert_show"

# What a button may carry: ids and names, nothing that could be read as further words of a command.
_VALUE = re.compile(r"[A-Za-z0-9:._/-]{1,200}")


@dataclass(frozen=True)
class Button:
    """What pressing types: the command, its verb, and the button's value behind them."""

    command: str
    verb: str = ""

    def words(self, value: str) -> str:
        """The text of the command. A value that no button of ours carries means nothing there."""
        return f"{self.verb} {value if not value or _VALUE.fullmatch(value) else '?'}".strip()


# action_id -> what it types.
BUTTONS: dict[str, Button] = {
    CANCEL: Button(suggest.COMMAND, "cancel"),
    CHECK: Button(suggest.COMMAND, "check"),
    DETAILS: Button(suggest.COMMAND, "show"),
    PROVE: Button(restore_words.COMMAND),
    BACK_UP: Button(suggest.COMMAND, "now full"),
    STATUS: Button(suggest.COMMAND, "status"),
    REPORT: Button(suggest.COMMAND, "report"),
    RESUME: Button(suggest.COMMAND, "schedule resume"),
    STOP_TEST: Button(restore_words.COMMAND, "cancel"),
    APPROVE: Button(approvals.COMMAND, "approve"),
    DECLINE: Button(approvals.COMMAND, "decline"),
    WITHDRAW: Button(approvals.COMMAND, "withdraw"),
    APPROVAL_SHOW: Button(approvals.COMMAND, "show"),
    BREAK_GLASS: Button(approvals.COMMAND, "break-glass"),
    NOTICE_SUBMIT: Button(notice_words.COMMAND, "submit"),
    NOTICE_EDIT: Button(notice_words.COMMAND, "edit"),
    NOTICE_WITHDRAW: Button(notice_words.COMMAND, "withdraw"),
    NOTICE_REHEARSE: Button(notice_words.COMMAND, "rehearse"),
    NOTICE_SEND: Button(notice_words.COMMAND, "send"),
    NOTICE_NEXT: Button(notice_words.COMMAND, "update"),
    NOTICE_RETRY: Button(notice_words.COMMAND, "retry"),
    NOTICE_SENT: Button(notice_words.COMMAND, "sent"),
    NOTICE_AGAIN: Button(notice_words.COMMAND, "again"),
    NOTICE_SHOW: Button(notice_words.COMMAND, "show"),
    NOTICE_COUNT: Button(notice_words.COMMAND, "count"),
    NOTICE_CLOSE: Button(notice_words.COMMAND, "close"),
    ALERT_TAKE: Button(alerts.COMMAND, "ack"),
    ALERT_SHOW: Button(alerts.COMMAND, "show"),
}
