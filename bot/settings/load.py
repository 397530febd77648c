"""Reading the configuration file, and what is wrong with it in sentences."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.errors import ConfigurationError
from bot.settings.whole import Configuration


def load_configuration(path: Path) -> Configuration:
    """Read and check a configuration file.

    Raises:
        ConfigurationError: with a sentence that says where, and what to write instead.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"There is no configuration file {path}.") from None
    except OSError as error:
        raise ConfigurationError(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from None
    return parse_configuration(raw, str(path))


def parse_configuration(raw: Mapping[str, Any], where: str) -> Configuration:
    """Check a configuration that is already a mapping; `where` names its file in errors."""
    try:
        return Configuration.model_validate(raw)
    except ValidationError as error:
        lines = [_sentence(dict(item)) for item in error.errors(include_url=False)]
        raise ConfigurationError(f"{where}: " + " ".join(lines)) from None


def _sentence(item: dict[str, Any]) -> str:
    """One pydantic error as a sentence: where, what, and what to write instead."""
    path = [str(part) for part in item["loc"] if part != "[key]"]
    place = ".".join(path) or "the file"
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _known_keys(path[:-1]), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"Unknown key {place}.{hint}"
    if item["type"] == "missing":
        return f"{place} is missing."
    return f"{place}: {str(item['msg']).removeprefix('Value error, ')}."


def _known_keys(path: list[str]) -> list[str]:
    """The keys allowed at a place in the file, for suggestions."""
    model: Any = Configuration
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
            inner = _models_within(model)
            model = inner[0] if inner else model
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_within(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_within(arg)]
