"""The interactive elements and composition objects of Block Kit, with Slack's limits.

Lengths and counts: docs.slack.dev, reference/block-kit (block-elements, composition-objects).
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.slack.checks import (
    Check,
    anything,
    array,
    boolean,
    choice,
    every,
    integer,
    one_of_fields,
    shape,
    string,
    tagged,
    text,
)

IDENTIFIER = string(255)
URL = string(3000)
CONFIRM = shape(
    {"title": text(100, plain=True), "text": text(300)},
    {
        "confirm": text(30, plain=True),
        "deny": text(30, plain=True),
        "style": choice("primary", "danger"),
    },
)
_ACTION = {"action_id": IDENTIFIER, "confirm": CONFIRM, "focus_on_load": boolean}
_PLACEHOLDER = {"placeholder": text(150, plain=True)}


def option(*, plain: bool = True, url: bool = False) -> Check:
    """An option object; `url` is allowed in overflow menus only."""
    optional = {"description": text(75, plain=plain), **({"url": URL} if url else {})}
    return shape({"text": text(75, plain=plain), "value": string(150)}, optional)


def _options(*, multi: bool) -> Mapping[str, Check]:
    group = shape({"label": text(75, plain=True), "options": array(option(), 100)})
    initial = {"initial_options": array(option(), 100)} if multi else {"initial_option": option()}
    return {"options": array(option(), 100), "option_groups": array(group, 100), **initial}


def _select(extra: Mapping[str, Check], *, multi: bool) -> Check:
    many = {"max_selected_items": integer(1, 100)} if multi else {}
    return shape({}, {**_ACTION, **_PLACEHOLDER, **many, **extra})


def _static(*, multi: bool) -> Check:
    return every(_select(_options(multi=multi), multi=multi), one_of_fields("options", "option_groups"))


def _selects(*, multi: bool) -> dict[str, Check]:
    start = "multi_" if multi else ""
    chosen = "initial_{}s" if multi else "initial_{}"
    ids = array(string(255), 100) if multi else string(255)
    response_url = {} if multi else {"response_url_enabled": boolean}
    conversations = {
        "default_to_current_conversation": boolean,
        "filter": anything,
        chosen.format("conversation"): ids,
        **response_url,
    }
    external = {"min_query_length": integer(0, 255), **dict.fromkeys(_options(multi=multi), anything)}
    return {
        f"{start}static_select": _static(multi=multi),
        f"{start}external_select": _select(external, multi=multi),
        f"{start}users_select": _select({chosen.format("user"): ids}, multi=multi),
        f"{start}conversations_select": _select(conversations, multi=multi),
        f"{start}channels_select": _select({chosen.format("channel"): ids, **response_url}, multi=multi),
    }


def _choices(maximum: int, *, multi: bool) -> Check:
    one = option(plain=False)
    initial = {"initial_options": array(one, maximum)} if multi else {"initial_option": one}
    return shape({"options": array(one, maximum)}, {**_ACTION, **initial})


def _entry(extra: Mapping[str, Check]) -> Check:
    common = {
        "action_id": IDENTIFIER,
        "focus_on_load": boolean,
        "dispatch_action_config": anything,
        **_PLACEHOLDER,
    }
    return shape({}, {**common, **extra})


BUTTON = shape(
    {"text": text(75, plain=True)},
    {
        "action_id": IDENTIFIER,
        "value": string(2000),
        "url": URL,
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE = every(
    shape({"alt_text": string(2000)}, {"image_url": URL, "slack_file": anything}),
    one_of_fields("image_url", "slack_file"),
)
_PICKERS: dict[str, Check] = {
    "datepicker": _select({"initial_date": string(10)}, multi=False),
    "timepicker": _select({"initial_time": string(5), "timezone": string(255)}, multi=False),
    "datetimepicker": shape({}, {**_ACTION, "initial_date_time": integer(10**9, 10**10 - 1)}),
}
_CHOICES: dict[str, Check] = {
    "checkboxes": _choices(10, multi=True),
    "radio_buttons": _choices(10, multi=False),
}
_OVERFLOW = shape({"options": array(option(url=True), 5)}, {"action_id": IDENTIFIER, "confirm": CONFIRM})
_ENTRIES: dict[str, Check] = {
    "plain_text_input": _entry(
        {
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        }
    ),
    "email_text_input": _entry({"initial_value": string(3000, 0)}),
    "url_text_input": _entry({"initial_value": string(3000, 0)}),
    "number_input": every(
        shape(
            {"is_decimal_allowed": boolean},
            {
                "action_id": IDENTIFIER,
                "focus_on_load": boolean,
                "dispatch_action_config": anything,
                "initial_value": string(255),
                "min_value": string(255),
                "max_value": string(255),
                **_PLACEHOLDER,
            },
        )
    ),
    "rich_text_input": _entry({"initial_value": anything}),
    "file_input": shape(
        {}, {"action_id": IDENTIFIER, "filetypes": array(string(50), 100), "max_files": integer(1, 10)}
    ),
}

ACTION_ELEMENT = tagged(
    {"button": BUTTON, "overflow": _OVERFLOW, **_PICKERS, **_CHOICES, **_selects(multi=False)}, "element"
)
ACCESSORY = tagged(
    {
        "button": BUTTON,
        "image": IMAGE,
        "overflow": _OVERFLOW,
        **_PICKERS,
        **_CHOICES,
        **_selects(multi=False),
        **_selects(multi=True),
    },
    "element",
)
INPUT_ELEMENT = tagged(
    {**_PICKERS, **_CHOICES, **_ENTRIES, **_selects(multi=False), **_selects(multi=True)}, "element"
)
CONTEXT_ELEMENT = tagged(
    {
        "image": IMAGE,
        "plain_text": shape({"text": string(3000)}, {"emoji": boolean}),
        "mrkdwn": shape({"text": string(3000)}, {"verbatim": boolean}),
    },
    "element",
)
