"""Small checks that are put together into the shape of a Slack payload.

A check takes a value and its JSON pointer and gives the list of what is wrong, in the words that Slack
uses in `response_metadata.messages`. No problem is an empty list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], list[str]]


def at(path: str, what: str) -> str:
    """One problem with the place it is at."""
    return f"{what} [json-pointer:{path}]"


def string(maximum: int, minimum: int = 1) -> Check:
    """A string of `minimum` to `maximum` characters."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return [at(path, "must be a string")]
        if len(value) < minimum:
            return [at(path, f"must be more than {minimum - 1} characters")]
        if len(value) > maximum:
            return [at(path, f"must be less than {maximum + 1} characters")]
        return []

    return check


def boolean(value: Any, path: str) -> list[str]:
    """True or false, and nothing that only looks like it."""
    return [] if isinstance(value, bool) else [at(path, "must be a boolean")]


def integer(minimum: int, maximum: int) -> Check:
    """A whole number within bounds, both included."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [at(path, "must be an integer")]
        return [] if minimum <= value <= maximum else [at(path, f"must be from {minimum} to {maximum}")]

    return check


def choice(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, path: str) -> list[str]:
        return [] if value in allowed else [at(path, f"must be one of: {', '.join(allowed)}")]

    return check


def array(item: Check, maximum: int, minimum: int = 1) -> Check:
    """A list of `minimum` to `maximum` items, each of which passes `item`."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [at(path, "must be an array")]
        if len(value) < minimum:
            return [at(path, f"no fewer than {minimum} items allowed")]
        if len(value) > maximum:
            return [at(path, f"no more than {maximum} items allowed")]
        return [problem for i, one in enumerate(value) for problem in item(one, f"{path}/{i}")]

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these fields; any other field is refused."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [at(path, "must be an object")]
        found = [at(path, f"missing required field: {name}") for name in required if value.get(name) is None]
        found += [at(path, f"invalid additional property: {name}") for name in value if name not in known]
        for name, one in known.items():
            if value.get(name) is not None:
                found += one(value[name], f"{path}/{name}")
        return found

    return check


def tagged(kinds: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` chooses its check; an unknown type is refused as an unsupported `what`."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [at(path, "must be an object")]
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            return [at(f"{path}/type", f"unsupported {what}: {kind}")]
        return kinds[kind]({name: one for name, one in value.items() if name != "type"}, path)

    return check


def every(*checks: Check) -> Check:
    """All of these checks, their problems one after the other."""

    def check(value: Any, path: str) -> list[str]:
        return [problem for one in checks for problem in one(value, path)]

    return check


def one_of_fields(*names: str) -> Check:
    """At least one of these fields is there."""

    def check(value: Any, path: str) -> list[str]:
        present = isinstance(value, dict) and any(value.get(name) for name in names)
        return [] if present else [at(path, f"must define either `{'` or `'.join(names)}`")]

    return check


def anything(_value: Any, _path: str) -> list[str]:
    """No demand on the value."""
    return []


def text(maximum: int, *, plain: bool = False, minimum: int = 1) -> Check:
    """A text object (plain_text or mrkdwn) whose text has `minimum` to `maximum` characters."""
    body = {"text": string(maximum, minimum)}
    kinds = {"plain_text": shape(body, {"emoji": boolean})}
    if not plain:
        kinds["mrkdwn"] = shape(body, {"verbatim": boolean})
    return tagged(kinds, "text type")
