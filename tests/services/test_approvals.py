"""The gate on a real ledger: one winner, and nobody approves what is their own, however it is tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.app import House
from bot.core.approvals import Approval, ApprovalState, Click, Verdict, refusal
from bot.core.people import Actor, Role, Source, identities_of
from bot.errors import NotAllowedError, NotFoundError, SparewheelError, UserError
from bot.ledger import approvals as ledger
from bot.ledger import audit, outbox
from bot.ledger.approvals import Voter
from bot.ledger.connection import LedgerConnection, borrowed
from bot.services.approvals import Ask
from bot.settings import ApprovalSettings, PersonSettings
from tests.ledger.support import at_once
from tests.support.house import Plan, folder_storage, open_house

HASH = "ab" * 32
OMAR = Actor("T0TEST", "U0OMAR", Source.SLACK, frozenset({Role.OPERATOR, Role.APPROVER}))
APRIL = Actor("T0TEST", "U0APRIL", Source.SLACK, frozenset({Role.APPROVER}))
ANDRE = Actor("T0TEST", "U0ANDRE", Source.SLACK, frozenset({Role.APPROVER}))
ADA = Actor("T0TEST", "U0ADA", Source.SLACK, frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    plan = Plan({}, {}, folder_storage(tmp_path / "s"))
    with open_house(plan, ledger_url, tmp_path) as opened:
        people = (PersonSettings(slack=("U0OMAR", "U0OMAR2"), command_line="omar"),)
        settings = opened.configuration.model_copy(
            update={"people": people, "roles": {Role.APPROVER: ("U0APRIL", "S0MORE", "U0OMAR")}}
        )
        opened.__dict__["configuration"] = settings  # in the place of the cached one
        yield opened


def ask(
    house: House, *, subject: str = "n1", needed: int = 1, expires: float = 600, who: Actor = OMAR
) -> Approval:
    with borrowed(house.pool) as connection:
        return house.approvals.open(
            connection,
            Ask(
                "restore",
                subject,
                HASH,
                "Send a notice",
                ("Maintenance",),
                "Works",
                "1,240 people get a mail",
                who,
                needed=needed,
                expires_seconds=expires,
                channel="C0OPS",
            ),
        )


def decide(house: House, who: Actor, approval: Approval, verdict: str = "approve", shown: str = HASH) -> str:
    """The state after a click, or the first words of the polite refusal."""
    try:
        return house.approvals.decide(who, approval.id, shown, verdict).approval.state.value
    except UserError as error:
        return error.sentence


def now_of(house: House, approval: Approval) -> Approval:
    return house.approvals.message(approval.id).approval


def actions(house: House) -> list[str]:
    with borrowed(house.pool) as connection:
        return [event.action for event in reversed(audit.recent(connection))]


def stages(house: House) -> list[tuple[str, str, str]]:
    with borrowed(house.pool) as connection:
        return [(m.topic, m.stage, m.channel) for m in outbox.waiting(connection)]


def test_one_person_asks_and_another_says_yes(house: House) -> None:
    approval = ask(house)
    assert decide(house, APRIL, approval, shown=HASH[:16]) == "approved"
    done = now_of(house, approval)
    assert [(d.user, d.verdict) for d in done.decisions] == [("U0APRIL", Verdict.APPROVE)]
    assert actions(house) == ["approval.requested", "approval.approved"]
    assert [s[1] for s in stages(house)] == ["opened", "change:2", "history:2:approved"]
    with borrowed(house.pool) as connection:
        assert audit.recent(connection)[0].details["content_hash"] == HASH


def test_twenty_clicks_at_once_have_one_winner(house: House) -> None:
    approval = ask(house)
    clickers = [replace(APRIL, user=f"U0A{number}") for number in range(20)]
    outcomes = at_once(20, lambda number: decide(house, clickers[number], approval))
    assert outcomes.count("approved") == 1
    assert len(now_of(house, approval).decisions) == 1
    assert actions(house).count("approval.approved") == 1


def test_one_person_clicking_twenty_times_is_one_of_two(house: House) -> None:
    approval = ask(house, needed=2)
    outcomes = at_once(20, lambda _: decide(house, APRIL, approval))
    assert outcomes.count("pending") == 1
    assert now_of(house, approval).given == 1
    assert decide(house, ANDRE, approval) == "approved"


def test_two_approvers_at_once_are_both_counted(house: House) -> None:
    approval = ask(house, needed=2)
    outcomes = at_once(2, lambda number: decide(house, (APRIL, ANDRE)[number], approval))
    assert sorted(outcomes) == ["approved", "pending"]
    assert now_of(house, approval).given == 2


@pytest.mark.parametrize(
    "way",
    [
        OMAR,
        replace(OMAR, user="U0OMAR2"),
        replace(OMAR, team="T0OTHER"),
        Actor("local", "omar", Source.COMMAND_LINE, frozenset(Role)),
        Actor("local", "somebody", Source.COMMAND_LINE, frozenset(Role)),
        replace(APRIL, roles=frozenset()),
        replace(APRIL, roles=frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.VIEWER})),
    ],
    ids=["own", "second account", "other workspace", "own login", "any login", "not known", "other roles"],
)
def test_nobody_approves_what_is_their_own_or_without_the_role(house: House, way: Actor) -> None:
    approval = ask(house)
    assert "Nothing was changed" in decide(house, way, approval)
    assert "Nothing was changed" in decide(house, way, approval, "decline")
    assert now_of(house, approval).state is ApprovalState.PENDING
    assert "access.refused" in actions(house)


def test_what_was_asked_on_the_command_line_is_not_approved_in_slack_by_the_same_person(house: House) -> None:
    approval = ask(house, who=Actor("local", "omar", Source.COMMAND_LINE, frozenset(Role)))
    assert "You asked" in decide(house, OMAR, approval)
    assert "You asked" in decide(house, replace(OMAR, user="U0OMAR2"), approval)
    assert decide(house, APRIL, approval) == "approved"


def test_a_person_who_is_mapped_only_after_asking_is_still_known(house: House) -> None:
    approval = ask(house, who=replace(APRIL, user="U0LATE"))
    people = (PersonSettings(slack=("U0FIRST", "U0LATE")),)
    house.__dict__["configuration"] = house.configuration.model_copy(update={"people": people})
    for part in ("approvals", "approval_aftermath"):
        house.__dict__.pop(part, None)
    assert "You asked" in decide(house, replace(APRIL, user="U0FIRST"), approval)


def test_other_content_is_not_approved(house: House) -> None:
    approval = ask(house)
    for shown in ("cd" * 32, HASH[:15], "", "%" * 16, "_" * 16):
        assert "not what is asked" in decide(house, APRIL, approval, shown=shown)


def test_an_expired_request_is_answered_politely_before_any_clock_came_by(house: House) -> None:
    approval = ask(house)
    expire(house, approval)
    assert decide(house, APRIL, approval).startswith("The time for it is over")
    assert now_of(house, approval).state is ApprovalState.PENDING


def expire(house: House, approval: Approval) -> None:
    with borrowed(house.pool) as connection:
        connection.execute(
            "update approval set created_at = created_at - interval '2 hours',"
            " expires_at = expires_at - interval '2 hours' where id = %s",
            [approval.id],
        )


def test_two_clocks_expire_once_and_say_so(house: House) -> None:
    approval = ask(house)
    expire(house, approval)
    at_once(4, lambda _: house.approvals.tick())
    assert now_of(house, approval).state is ApprovalState.EXPIRED
    assert actions(house).count("approval.expired") == 1
    assert ("approval", "history:2:expired", "C0OPS") in stages(house)


def test_an_approval_racing_the_expiry_is_one_of_the_two(house: House) -> None:
    for number in range(5):
        approval = ask(house, subject=f"n{number}")
        later = datetime.now(UTC) + timedelta(hours=1)
        at_once(2, lambda n, a=approval, t=later: decide(house, APRIL, a) if n else house.approvals.tick(t))  # type: ignore[misc]
        done = now_of(house, approval)
        assert (done.state is ApprovalState.APPROVED) == (done.given == 1)
        assert done.state in (ApprovalState.APPROVED, ApprovalState.EXPIRED)
    assert actions(house).count("approval.expired") + actions(house).count("approval.approved") == 5


def test_an_approval_racing_a_withdrawal_is_one_of_the_two(house: House) -> None:
    for number in range(5):
        approval = ask(house, subject=f"n{number}")
        outcomes = at_once(
            2, lambda n, a=approval: decide(house, APRIL, a) if n else withdraw(house, OMAR, a)
        )  # type: ignore[misc]
        state = now_of(house, approval).state.value
        assert state in outcomes
        assert sum(outcome in ("approved", "withdrawn") for outcome in outcomes) == 1


def withdraw(house: House, who: Actor, approval: Approval) -> str:
    try:
        return house.approvals.withdraw(who, approval.id).approval.state.value
    except UserError as error:
        return error.sentence


def test_only_whoever_asked_withdraws_by_any_of_their_accounts(house: House) -> None:
    approval = ask(house)
    assert withdraw(house, APRIL, approval).startswith("Only whoever asked")
    assert withdraw(house, Actor("local", "omar", Source.COMMAND_LINE), approval) == "withdrawn"
    assert decide(house, APRIL, approval).startswith("It was withdrawn")
    assert withdraw(house, OMAR, approval).startswith("It is over already")


@pytest.mark.parametrize("given", [False, True])
def test_a_change_voids_what_waits_and_what_was_given(house: House, *, given: bool) -> None:
    approval = ask(house)
    if given:
        assert decide(house, APRIL, approval) == "approved"
    with borrowed(house.pool) as connection:
        voided = house.approvals.void(connection, "restore", "n1", "edited")
        house.approvals.note_void(connection, voided, OMAR)
    assert now_of(house, approval).state is ApprovalState.VOID
    assert "void" in decide(house, APRIL, approval)
    assert actions(house)[-1] in ("approval.void", "access.refused")


def test_a_no_ends_it_with_its_comment(house: House) -> None:
    approval = ask(house, needed=2)
    message = house.approvals.decide(APRIL, approval.id, HASH, "decline", "The time is wrong")
    assert (message.approval.state, message.approval.ended_why) == (
        ApprovalState.DECLINED,
        "The time is wrong",
    )
    assert decide(house, ANDRE, approval).startswith("It was declined already")


def test_one_request_a_subject_waits_at_a_time(house: House) -> None:
    ask(house)
    with pytest.raises(psycopg.errors.UniqueViolation):
        ask(house)


def test_reminders_go_to_those_who_may_decide_and_not_to_the_asker(house: House) -> None:
    approval = ask(house, expires=90000)
    house.approvals.tick(approval.created_at + timedelta(hours=1))
    assert not [s for s in stages(house) if "reminder" in s[1]]
    at_once(4, lambda _: house.approvals.tick(approval.created_at + timedelta(hours=2, minutes=1)))
    assert [s for s in stages(house) if "reminder" in s[1]] == [
        ("approval", "history:1:reminder", "C0OPS"),
        ("approval-reminder", "reminder:1", "U0APRIL"),
    ]
    assert house.approvals.message(approval.id).reviewers == ("U0APRIL", "S0MORE")
    decide(house, APRIL, approval)
    assert ("approval-reminder", "change:2", "U0APRIL") in stages(house)


def test_what_waits_for_whom(house: House) -> None:
    approval = ask(house)
    assert [a.id for a in house.approvals.waiting_for(APRIL)] == [approval.id]
    assert house.approvals.waiting_for(OMAR) == []
    assert house.approvals.waiting_for(ADA) == []
    assert [a.id for a in house.approvals.overview(OMAR).mine] == [approval.id]
    with pytest.raises(NotAllowedError):
        house.approvals.overview(replace(OMAR, roles=frozenset()))


def test_breaking_glass_is_off_unless_configured(house: House) -> None:
    approval = ask(house)
    with pytest.raises(NotAllowedError, match="switched off"):
        house.break_glass.go(
            ADA, approval.id, HASH, "The site is down and nobody answers", confirmed=approval.id
        )
    assert now_of(house, approval).state is ApprovalState.PENDING


@pytest.fixture
def glass(house: House) -> House:
    update = {"approvals": ApprovalSettings(break_glass=True)}
    house.__dict__["configuration"] = house.configuration.model_copy(update=update)
    return house


def test_breaking_glass_is_loud_and_has_its_own_row(glass: House) -> None:
    approval = ask(glass, needed=2)
    reason = "The site is down and nobody answers"
    assert glass.break_glass.ask(ADA, approval.id, HASH, reason).reason == reason
    assert now_of(glass, approval).state is ApprovalState.PENDING
    done = glass.break_glass.go(ADA, approval.id, HASH, reason, confirmed=approval.id).approval
    assert (done.state, done.broke_glass, done.given) == (ApprovalState.APPROVED, True, 0)
    assert actions(glass)[-1] == "approval.break-glass"
    assert {s[2] for s in stages(glass) if s[0] == "approval-glass"} == {"C0OPS", "U0APRIL"}


def test_glass_is_not_broken_by_others_nor_in_a_hurry_nor_for_other_content(glass: House) -> None:
    approval = ask(glass)
    terminal = Actor("local", "root", Source.COMMAND_LINE, frozenset(Role))
    good, why = approval.id, "The site is down"
    for who, reason, confirmed, shown, words in (
        (OMAR, why, good, HASH, "administrator is needed"),
        (ADA, "hurry", good, HASH, "needs a reason"),
        (ADA, why, "yes", HASH, "confirmation is not"),
        (ADA, why, good, "cd" * 32, "was changed"),
        (terminal, why, good, HASH, "command line never"),
    ):
        with pytest.raises(UserError, match=words):
            glass.break_glass.go(who, approval.id, shown, reason, confirmed=confirmed)
        assert now_of(glass, approval).state is ApprovalState.PENDING


def test_no_such_request(house: House) -> None:
    with pytest.raises(NotFoundError):
        house.approvals.message("zzzzzzzz")
    for word in ("", "a", "%%%%", "' or 1=1"):
        with pytest.raises(UserError, match="is no request id"):
            house.approvals.message(word)


def test_the_statement_and_the_sentence_agree(house: House) -> None:
    """Every combination of a good and a bad value: the ledger counts exactly the clicks that have no refusal."""
    people = house.configuration.people
    whos = (APRIL, OMAR, replace(OMAR, user="U0OMAR2"), replace(APRIL, roles=frozenset({Role.VIEWER})))
    for number, (who, shown, old, said) in enumerate(
        itertools.product(whos, (HASH, "cd" * 32), (False, True), (False, True))
    ):
        approval = ask(house, subject=f"s{number}", needed=2)
        if said:
            decide(house, APRIL, approval)
        if old:
            expire(house, approval)
        with borrowed(house.pool) as connection:
            approval = ledger.get(connection, approval.id)
            identities = identities_of(who, people)
            why = refusal(approval, Click(identities, who.roles, shown), datetime.now(UTC))
            counted = vote(connection, approval, Voter(who, "p", identities), shown)
        assert (counted is None) == (why is not None), (who, shown, old, said, why)


def vote(connection: LedgerConnection, approval: Approval, voter: Voter, shown: str) -> int | None:
    return ledger.decide(connection, approval.id, voter, Verdict.APPROVE, content_hash=shown)


def test_the_ledger_refuses_what_only_looks_approved(house: House) -> None:
    approval = ask(house, needed=1)
    for lie in (
        "state = 'approved', ended_at = now()",
        "state = 'approved', ended_at = now(), approvals = 1",
        "approvals = 1, decided_by = barred, state = 'approved', ended_at = now()",
        "state = 'declined'",
        "expires_at = created_at - interval '1 s'",
    ):
        with pytest.raises(psycopg.errors.CheckViolation), borrowed(house.pool) as connection:
            connection.execute(f"update approval set {lie} where id = %s", [approval.id])


def test_a_yes_reaches_what_it_was_asked_for_or_neither_is_written(house: House) -> None:
    def fails(connection: LedgerConnection, approval: Approval, actor: Actor) -> None:
        del connection, actor
        raise SparewheelError(f"the notice of {approval.id} cannot be moved on")

    approval = ask(house)
    house.approval_aftermath.ended["restore"] = fails
    with pytest.raises(SparewheelError):
        house.approvals.decide(APRIL, approval.id, HASH, "approve")
    assert now_of(house, approval).state is ApprovalState.PENDING
    assert "approval.approved" not in actions(house)


def test_a_request_that_cannot_end_does_not_keep_the_others_from_it(house: House) -> None:
    def refuse(_: object, approval: Approval, _actor: Actor) -> None:
        if approval.subject == "stuck":
            raise UserError("The text was changed in this moment.", next_step="")

    stuck, other = ask(house, subject="stuck"), ask(house, subject="others")
    house.approvals.aftermath.ended["restore"] = refuse
    house.approvals.tick(datetime.now(UTC) + timedelta(days=30))
    assert now_of(house, stuck).state is ApprovalState.PENDING
    assert now_of(house, other).state is ApprovalState.EXPIRED
