"""Two people in two tabs: one writes to customers, the other reads exactly that and says yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenAs, say

DAY = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()


def message(page: Page, words: str) -> Locator:
    return page.locator("#messages .message", has_text=words).last


def send_off(page: Page, form: Locator, button: str) -> None:
    """Press until the form is gone: a busy machine may answer later than Slack waits. One form is one key."""
    gone = page.locator("body:not(:has(dialog.modal))")
    late = page.locator("#toast", has_text="trouble")
    while gone.count() == 0:
        form.get_by_role("button", name=button).click()
        expect(gone.or_(late).first).to_be_attached()


def fill_in(form: Locator) -> None:
    form.get_by_label("What is affected").fill("The driver app")
    for name, at in (("Start", "22:00"), ("End", "23:30")):
        form.get_by_label(f"{name}: day").fill(DAY)
        form.get_by_label(f"{name}: time").fill(at)


def test_a_notice_is_written_by_one_person_and_approved_by_another(product_as: OpenAs) -> None:
    omar, april = product_as("omar"), product_as("april")
    say(omar, "/notice maintenance cruzonic")
    form = omar.get_by_role("dialog", name="A notice")
    fill_in(form)
    form.get_by_label("End: time").fill("21:00")
    form.get_by_role("button", name="Show the draft").click()
    # Wrong, said at the field; what was entered is still there.
    expect(form).to_contain_text("This must come after start.")
    expect(form.get_by_label("What is affected")).to_have_value("The driver app")
    form.get_by_label("End: time").fill("23:30")
    send_off(omar, form, "Show the draft")
    draft = message(omar, "Draft: Planned maintenance")
    expect(draft).to_contain_text("It concerns: The driver app.")
    draft.get_by_role("button", name="Submit for approval").click()

    asked = message(omar, "Approval needed: Tell customers")
    asked.get_by_role("button", name="Approve").click()
    omar.get_by_role("dialog", name="Approve this?").get_by_role("button", name="Approve").click()
    expect(message(omar, "You asked for this or wrote it")).to_contain_text("Nothing was changed")

    theirs = message(april, "Approval needed: Tell customers")
    expect(theirs).to_contain_text("We will carry out planned maintenance. It concerns: The driver app.")
    theirs.get_by_role("button", name="Approve").click()
    april.get_by_role("dialog", name="Approve this?").get_by_role("button", name="Approve").click()
    ended = message(omar, "Approved: Tell customers")
    expect(ended).to_contain_text("@april approved")
    expect(ended.get_by_role("button", name="Approve")).to_have_count(0)

    approved = message(omar, "Approved, not sent yet")
    approved.get_by_role("button", name="Send to 1 recipient").click()
    question = omar.get_by_role("dialog", name="Really send to 1 recipient?")
    expect(question).to_contain_text("cannot be taken back")
    question.get_by_role("button", name="Send it").click()
    expect(message(omar, "Sent: Planned maintenance")).to_contain_text("1 of 1 sent")

    carl = product_as("carl")
    carl.get_by_role("link", name="#customers").click()
    expect(message(carl, "It concerns: The driver app.")).to_be_visible()


def test_changes_are_asked_for_in_a_form(product_as: OpenAs) -> None:
    olga, andre = product_as("olga"), product_as("andre")
    say(olga, "/notice maintenance fleetnest")
    form = olga.get_by_role("dialog", name="A notice")
    fill_in(form)
    send_off(olga, form, "Show the draft")
    message(olga, "Draft: Planned maintenance").get_by_role("button", name="Submit for approval").click()
    message(andre, "Approval needed: Tell customers: FleetNest").get_by_role("button", name="Decline").click()
    why = andre.get_by_role("dialog", name="Decline")
    why.get_by_role("button", name="Decline").click()
    expect(why).to_contain_text("Please complete this required field.")
    why.get_by_label("Why not, or what to change").fill("Two hours, please.")
    send_off(andre, why, "Decline")
    wanted = message(olga, "Changes wanted: Planned maintenance")
    expect(wanted).to_contain_text("Two hours, please.")
    wanted.get_by_role("button", name="Withdraw").click()
    olga.get_by_role("dialog", name="Withdraw it?").get_by_role("button", name="Withdraw").click()
    expect(message(olga, "Withdrawn: Planned maintenance")).to_be_visible()


def test_the_products_home_tab_shows_each_person_their_own(product_as: OpenAs) -> None:
    omar, vera = product_as("omar"), product_as("vera")
    for page in (omar, vera):
        page.get_by_role("link", name="Home tab").click()
        expect(page.locator("#home")).to_contain_text("As of")
    expect(omar.locator("#home").get_by_role("button", name="Back up now").first).to_be_visible()
    expect(vera.locator("#home").get_by_role("button", name="Back up now")).to_have_count(0)
    vera.locator("#home").get_by_role("button", name="Status").first.click()
    # There is no channel to answer in: the answer comes as a modal.
    answer = vera.get_by_role("dialog", name="Sparewheel")
    expect(answer).to_contain_text("cruzonic")
    answer.get_by_role("button", name="Close").click()
    expect(answer).to_have_count(0)
