"""What the process environment gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError

from bot.errors import ConfigurationError
from bot.settings.fields import ApiUrl, Part

DEFAULT_HOME = Path(".sparewheel")


class Environment(Part):
    """What the process environment gives. Secrets print as stars."""

    database_url: SecretStr | None = None
    config: Path | None = None
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: ApiUrl = "https://slack.com/api/"
    port: int = 3000
    bind: str = "127.0.0.1"
    home: Path = DEFAULT_HOME
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None  # where the clock answers monitors
    clients: Path | None = None  # a folder with pg_dump, looked at first


_VARIABLES = {
    "SPAREWHEEL_DATABASE_URL": "database_url",
    "SPAREWHEEL_CONFIG": "config",
    "SLACK_BOT_TOKEN": "slack_bot_token",
    "SLACK_APP_TOKEN": "slack_app_token",
    "SLACK_SIGNING_SECRET": "slack_signing_secret",
    "SLACK_API_URL": "slack_api_url",
    "PORT": "port",
    "SPAREWHEEL_BIND": "bind",
    "SPAREWHEEL_HOME": "home",
    "SPAREWHEEL_METRICS_PORT": "metrics_port",
    "SPAREWHEEL_CLIENTS": "clients",
}


def read_environment(environ: Mapping[str, str] = os.environ) -> Environment:
    """The variables this product knows, empty ones counting as unset.

    Raises:
        ConfigurationError: a value has the wrong shape (PORT that is no number).
    """
    values = {field: environ[name] for name, field in _VARIABLES.items() if environ.get(name)}
    try:
        return Environment.model_validate(values)
    except ValidationError as error:
        names = {field: name for name, field in _VARIABLES.items()}
        first = error.errors(include_input=False)[0]
        raise ConfigurationError(
            f"The environment variable {names[str(first['loc'][0])]} is wrong: "
            f"{str(first['msg']).removeprefix('Value error, ')}."
        ) from None
