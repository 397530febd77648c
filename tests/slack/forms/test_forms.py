from __future__ import annotations

import re

import pytest

from bot.gallery.samples import FORMS
from bot.sandbox.slack.blocks import Surface
from bot.sandbox.slack.payloads import view_problems
from bot.slack.forms import render_form
from bot.slack.screens import form_view

_ACTIVE = re.compile(r"<[^>]*>")


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_within_slacks_limits(name: str) -> None:
    assert view_problems(form_view(FORMS[name], "C0OPS"), wanted=Surface.MODAL) == []


@pytest.mark.parametrize("name", FORMS)
def test_nothing_untrusted_pings_or_links_in_a_form(name: str) -> None:
    blocks = render_form(FORMS[name]).blocks
    told = "\n".join(str(block["text"]["text"]) for block in blocks if block["type"] == "section")
    assert _ACTIVE.findall(told) == []


@pytest.mark.parametrize("name", FORMS)
def test_every_input_is_known_by_its_name(name: str) -> None:
    """Errors are shown by block id, values come by the same name, and Slack keeps both apart by action id."""
    for block in render_form(FORMS[name]).blocks:
        if block["type"] == "input":
            assert block["block_id"] == block["element"]["action_id"]


def test_an_edited_notice_starts_with_its_times_as_people_write_them() -> None:
    shown = {
        b["block_id"]: b["element"] for b in render_form(FORMS["notice, edited"]).blocks if "element" in b
    }
    # 07:00 UTC in New York, and five minutes as the ledger keeps them.
    assert (shown["start__day"]["initial_date"], shown["start__hour"]["initial_time"]) == (
        "2030-03-05",
        "02:00",
    )
    assert shown["interruption"]["initial_value"] == "5m"


def test_something_unknown_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="int has no form"):
        render_form(7)
