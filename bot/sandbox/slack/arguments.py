"""The arguments of a Web API call, as slack_sdk sends them: form, JSON, or in the query."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.sandbox.slack.refusal import RefusedError

_TRUE = ("1", "true", "True")


@dataclass(frozen=True)
class Arguments:
    """Decoded arguments. A form's values are strings; JSON's may be anything."""

    values: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string, empty when left out."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        """A string that must be there.

        Raises:
            RefusedError: `invalid_arguments`.
        """
        value = self.text(name)
        if not value:
            raise RefusedError(
                "invalid_arguments", [f"missing required field: {name} [json-pointer:/{name}]"]
            )
        return value

    def decoded(self, name: str, error: str = "invalid_arguments") -> Any:
        """A value that a form carries as JSON text; None when left out.

        Raises:
            RefusedError: `error`, when the text is not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise RefusedError(error) from None

    def flag(self, name: str) -> bool:
        """Whether it was set to true."""
        value = self.values.get(name)
        return value is True or value in _TRUE

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            RefusedError: `invalid_arguments`.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise RefusedError("invalid_arguments", [f"must be an integer [json-pointer:/{name}]"]) from None


async def read(request: Request) -> Arguments:
    """Collect the arguments of one call from its query and body.

    Raises:
        RefusedError: `invalid_json` or `json_not_object`.
    """
    values: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        values |= _json_object(body)
    else:
        values |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return Arguments(values)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        raise RefusedError("invalid_json") from None
    if not isinstance(decoded, dict):
        raise RefusedError("json_not_object")
    return decoded
