"""The README against the program: every key of the configuration stands in its table, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from bot.core.people import Role
from bot.settings import Configuration

README = Path(__file__).parents[1] / "README.md"


def keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every key as the README writes it: `databases.NAME.checks[].name`."""
    for name, field in model.model_fields.items():
        yield from _below(f"{before}{field.alias or name}", field.annotation)


def _below(path: str, annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = [arg for arg in get_args(annotation) if arg is not type(None)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from keys(annotation, f"{path}.")
    elif get_origin(annotation) is tuple and _is_part(inner[0]):
        yield from keys(inner[0], f"{path}[].")
    elif isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation), Mapping):
        names = [role.value for role in Role] if Role in inner else ["NAME"]
        for name in names:
            yield from _below(f"{path}.{name}", inner[1])
    elif inner and all(_is_part(one) for one in inner):  # one of several kinds of part: every kind's keys
        for one in inner:
            yield from keys(one, f"{path}.")
    else:
        yield path


def _is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def told() -> Iterator[str]:
    """The keys of the README's table: `a.b`, and after it `.c` for `a.c`."""
    for cell in re.findall(r"^\| (`[a-z_]+[.\[][^|]*) \|", README.read_text(encoding="utf-8"), re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", cell)
        yield first
        for other in others:
            yield first.rpartition(".")[0] + other if other.startswith(".") else other


def test_every_key_stands_in_the_table_and_no_other() -> None:
    there, said = set(keys(Configuration)), set(told())
    assert (there - said, said - there) == (set(), set())
