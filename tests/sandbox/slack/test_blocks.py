from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.blocks import Surface, problems
from bot.sandbox.slack.payloads import message_problems, metadata_problems, view_problems

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Block:
    return {"type": "section", "text": mrkdwn("x"), **more}


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def option(number: int = 0, **more: Any) -> Block:
    return {"text": plain("one"), "value": str(number), **more}


def select(**more: Any) -> Block:
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int, columns: int, text: str = "x") -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


def entry(element: Block | None = None, **more: Any) -> Block:
    field = element or {"type": "plain_text_input", "action_id": "a"}
    return {"type": "input", "label": plain("Name"), "element": field, **more}


def confirm(**more: Any) -> Block:
    return {"title": plain("Sure?"), "text": plain("Really?"), **more}


def several(number: int) -> list[Block]:
    return [button(action_id=str(n)) for n in range(number)]


# Each limit with what just fits and what does not.
AT_THE_LIMIT: list[tuple[str, list[Block], list[Block]]] = [
    ("blocks", [section()] * 50, [section()] * 51),
    ("section text", [section(text=mrkdwn("x" * 3000))], [section(text=mrkdwn("x" * 3001))]),
    ("section text empty", [section()], [section(text=mrkdwn(""))]),
    ("fields", [section(fields=[mrkdwn("x")] * 10)], [section(fields=[mrkdwn("x")] * 11)]),
    ("field text", [section(fields=[mrkdwn("x" * 2000)])], [section(fields=[mrkdwn("x" * 2001)])]),
    (
        "header",
        [{"type": "header", "text": plain("x" * 150)}],
        [{"type": "header", "text": plain("x" * 151)}],
    ),
    ("header is plain", [{"type": "header", "text": plain("x")}], [{"type": "header", "text": mrkdwn("x")}]),
    ("button text", [actions(button(text=plain("x" * 75)))], [actions(button(text=plain("x" * 76)))]),
    ("button text is plain", [actions(button())], [actions(button(text=mrkdwn("x")))]),
    ("button value", [actions(button(value="x" * 2000))], [actions(button(value="x" * 2001))]),
    ("button value is text", [actions(button(value="7"))], [actions(button(value=7))]),
    ("button style", [actions(button(style="danger"))], [actions(button(style="warning"))]),
    ("elements", [actions(*several(25))], [actions(*several(26))]),
    ("no elements", [actions(button())], [actions()]),
    (
        "context",
        [{"type": "context", "elements": [mrkdwn("x")] * 10}],
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    ),
    (
        "option text",
        [actions(select(options=[option(text=plain("x" * 75))]))],
        [actions(select(options=[option(text=plain("x" * 76))]))],
    ),
    (
        "option value",
        [actions(select(options=[option(value="x" * 150)]))],
        [actions(select(options=[option(value="x" * 151)]))],
    ),
    (
        "options",
        [actions(select(options=[option(n) for n in range(100)]))],
        [actions(select(options=[option(n) for n in range(101)]))],
    ),
    ("options missing", [actions(select())], [actions({"type": "static_select", "action_id": "s"})]),
    (
        "overflow",
        [section(accessory={"type": "overflow", "action_id": "o", "options": [option()] * 5})],
        [section(accessory={"type": "overflow", "action_id": "o", "options": [option()] * 6})],
    ),
    (
        "confirm title",
        [actions(button(confirm=confirm(title=plain("x" * 100))))],
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
    ),
    (
        "confirm text",
        [actions(button(confirm=confirm(text=plain("x" * 300))))],
        [actions(button(confirm=confirm(text=plain("x" * 301))))],
    ),
    ("action_id", [actions(button(action_id="x" * 255))], [actions(button(action_id="x" * 256))]),
    ("block_id", [section(block_id="x" * 255)], [section(block_id="x" * 256)]),
    (
        "action_id twice",
        [actions(button(), button(action_id="other"))],
        [actions(button(), button())],
    ),
    (
        "block_id twice",
        [section(block_id="a"), section(block_id="b")],
        [section(block_id="a"), section(block_id="a")],
    ),
    (
        "markdown",
        [{"type": "markdown", "text": "x" * 12_000}],
        [{"type": "markdown", "text": "x" * 12_001}],
    ),
    (
        "markdown together",
        [{"type": "markdown", "text": "x" * 6_000}] * 2,
        [{"type": "markdown", "text": "x" * 6_001}] * 2,
    ),
    ("table rows", [table(100, 2)], [table(101, 2)]),
    ("table columns", [table(2, 20)], [table(2, 21)]),
    ("tables", [table(2, 2)], [table(2, 2), table(2, 2)]),
    ("table characters", [table(10, 1, "x" * 1000)], [table(10, 1, "x" * 1001)]),
    ("unknown type", [{"type": "divider"}], [{"type": "fancy"}]),
    ("unknown field", [section()], [section(colour="red")]),
    ("unknown element", [actions(button())], [actions({"type": "slider"})]),
    ("element in the wrong place", [entry()], [actions(entry()["element"])]),
    ("section without text", [section()], [{"type": "section"}]),
    ("input hint", [entry(hint=plain("x" * 2000))], [entry(hint=plain("x" * 2001))]),
    (
        "placeholder",
        [actions(select(placeholder=plain("x" * 150)))],
        [actions(select(placeholder=plain("x" * 151)))],
    ),
]


@pytest.mark.parametrize(
    ("fits", "too_much"), [row[1:] for row in AT_THE_LIMIT], ids=[r[0] for r in AT_THE_LIMIT]
)
def test_limit(fits: list[Block], too_much: list[Block]) -> None:
    assert problems(fits) == []
    assert problems(too_much) != []


def test_a_modal_takes_a_hundred_blocks_and_no_table() -> None:
    assert problems([section()] * 100, Surface.MODAL) == []
    assert problems([section()] * 101, Surface.MODAL)
    assert problems([section()] * 101, Surface.HOME)
    assert problems([table(1, 1)], Surface.MODAL)


def test_a_problem_says_where() -> None:
    assert problems([section(), {"type": "header", "text": plain("")}]) == [
        "must be more than 0 characters [json-pointer:/blocks/1/text/text]"
    ]


@pytest.mark.parametrize("value", [None, "x", {}, [None], ["x"], [{"type": ["section"]}], [{}]])
def test_nonsense_is_a_problem_and_no_crash(value: Any) -> None:
    assert problems(value)


def modal(**more: Any) -> Block:
    return {"type": "modal", "title": plain("T"), "blocks": [section()], **more}


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        ({"title": plain("x" * 24)}, {"title": plain("x" * 25)}),
        ({"submit": plain("x" * 24)}, {"submit": plain("x" * 25)}),
        ({"close": plain("x" * 24)}, {"close": plain("x" * 25)}),
        ({"private_metadata": "x" * 3000}, {"private_metadata": "x" * 3001}),
        ({"callback_id": "x" * 255}, {"callback_id": "x" * 256}),
        ({"notify_on_close": True}, {"notify_on_close": "yes"}),
        ({"blocks": [entry()], "submit": plain("Go")}, {"blocks": [entry()]}),
        ({}, {"type": "home"}),
        ({}, {"title": None}),
        ({}, {"blocks": None}),
        ({}, {"colour": "red"}),
    ],
)
def test_view_limit(fits: Block, too_much: Block) -> None:
    assert view_problems(modal(**fits), wanted=Surface.MODAL) == []
    assert view_problems(modal(**too_much), wanted=Surface.MODAL) != []


def test_metadata_has_a_shape_and_a_size() -> None:
    assert metadata_problems({"event_type": "a", "event_payload": {"b": "x" * 16_000}}) == []
    assert metadata_problems({"event_type": "a", "event_payload": {"b": "x" * 16_400}})
    assert metadata_problems({"event_type": "a"})
    assert metadata_problems({"event_type": "a", "event_payload": []})
    assert metadata_problems({"event_type": "a", "event_payload": {}, "more": 1})
    assert metadata_problems("text")


def test_a_whole_message() -> None:
    assert message_problems({"text": "x" * 40_000, "blocks": [section()]}) == []
    assert message_problems({"text": "x" * 40_001})
    assert message_problems({"text": "x" * 4_001}, update=True)
    assert message_problems({"text": ""})
    assert message_problems({"text": "x", "metadata": {}})
    assert message_problems({"text": "x", "blocks": [{"type": "fancy"}]})
