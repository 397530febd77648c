"""sparewheel.toml and the environment -> frozen settings. Secrets are read from the environment only."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from bot.core.backup import FingerprintScope, Tier
from bot.core.durations import Keep, parse_duration, parse_keep
from bot.core.expectation import check_expectation
from bot.core.people import Role
from bot.core.schedules import check_cron
from bot.errors import ConfigurationError


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write one like 'America/New_York'") from error
    return name


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise ValueError(
            f"{name!r} cannot be a name here; use up to 40 of a-z, 0-9, '-' and '_', a letter first"
        )
    return name


def _api_url(url: str) -> str:
    """Slack's base address as its SDK needs it: method names are put straight behind it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or "/api"
    if parts.scheme not in ("http", "https") or not parts.netloc or not path.endswith("/api"):
        raise ValueError("write the base address of Slack's methods, like https://slack.com/api/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def _slack_id(found: str) -> str:
    if not re.fullmatch(r"[UWS][A-Z0-9]+", found):
        raise ValueError(
            f"{found!r} is no Slack id; write a person's member id (U… or W…, in Slack: profile, "
            '"Copy member ID") or the id of a user group (S…)'
        )
    return found


DEFAULT_HOME = Path(".sparewheel")

ApiUrl = Annotated[str, AfterValidator(_api_url)]
PersonOrGroup = Annotated[str, AfterValidator(_slack_id)]
Seconds = Annotated[float, BeforeValidator(parse_duration)]
KeepFor = Annotated[Keep, BeforeValidator(parse_keep)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_name)]
Cron = Annotated[str, AfterValidator(check_cron)]
Expected = Annotated[str, AfterValidator(check_expectation)]
# A password travels with it: in the clear on this machine only.
CheckUrl = Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])")]


class _Part(BaseModel):
    """Frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SlackSettings(_Part):
    """Where the bot speaks without being asked."""

    operations_channel: str | None = None
    alerts_channel: str | None = None


class ReaderSettings(_Part):
    """Credentials that may read archives and nothing else, for restore tests."""

    access_key_env: str
    secret_key_env: str


class StorageSettings(_Part):
    """One place for archives: an S3 bucket or a folder."""

    url: str
    root: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")] = "sparewheel"
    encryption: Literal["AES256", "aws:kms", "none"] = "AES256"
    kms_key_id: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    access_key_env: str | None = None
    secret_key_env: str | None = None
    checksums: Literal["when_supported", "when_required"] = "when_supported"
    addressing: Literal["auto", "path", "virtual"] = "auto"
    read_timeout: Seconds = 20.0
    part_size_mib: Annotated[int, Field(ge=5, le=64)] = 8
    reader: ReaderSettings | None = None

    @model_validator(mode="after")
    def _known_scheme(self) -> StorageSettings:
        if not re.match(r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?$|file:///)", self.url):
            raise ValueError("url must be s3://BUCKET or file:///FOLDER")
        return self


class ScheduleSettings(_Part):
    """When a kind of backup is due, and how long it is kept."""

    kind: Literal["full", "critical", "schema", "restore-test"]
    cron: Cron
    grace: Seconds = 6 * 3600.0
    stale_after: Seconds | None = None
    keep: KeepFor | None = None


class CheckSettings(_Part):
    """One SQL question whose answer a restored database must give."""

    name: str
    sql: str
    expect: Expected
    timeout: Seconds = 60.0


class DateRangeSettings(_Part):
    """A column of dates that a restored database is judged by, seen from the backup's snapshot.

    `newest_within`: its newest value may be that much older. `reaches_back`: its oldest value is at least
    that old. Neither: only that there are dates at all.
    """

    table: str
    column: str
    newest_within: Seconds | None = None
    reaches_back: Seconds | None = None


class HashChainSettings(_Part):
    """The application's own chain of hashes: SQL that answers with the number of broken links.

    A second column, where there is one, says how many links were looked at.
    """

    name: str
    sql: str
    timeout: Seconds = 300.0


class ApplicationSettings(_Part):
    """The application itself, tried against the scratch database: a command, or a URL that is posted to.

    A command finds the address in SCRATCH_DATABASE_URL and in PGHOST and its like; a URL gets it as the
    JSON member `database_url`. Exit code 0, or a status of 2xx, is a yes.
    """

    command: tuple[str, ...] = ()
    url: CheckUrl | None = None
    timeout: Annotated[Seconds, Field(gt=0)] = 120.0

    @model_validator(mode="after")
    def _one_way(self) -> ApplicationSettings:
        if bool(self.command) == bool(self.url):
            raise ValueError("write either a command or a url")
        return self


class RestoreTestSettings(_Part):
    """How backups of a database are brought back on its staging server."""

    way: Literal["everything", "customer"] = "everything"
    jobs: Annotated[int, Field(ge=1, le=16)] = 2
    keep_failed: Seconds = 24 * 3600.0  # how long the scratch database stays after a FAIL
    longest: Seconds | None = None  # a restore that takes longer is ended; without it the RTO, else 6 hours
    physical_clone: str | None = None  # HOST:PORT of a staging server that was copied from production's files
    template: str | None = None  # on staging: a project that the platform has laid out, for `customer`

    @model_validator(mode="after")
    def _customer_has_a_template(self) -> RestoreTestSettings:
        if self.way == "customer" and self.template is None:
            raise ValueError('way = "customer" needs template: a project on staging laid out by the platform')
        return self


class DatabaseSettings(_Part):
    """A database that is backed up. Its address is a secret and comes from `url_env`."""

    url_env: str
    staging_url_env: str | None = None
    platform: Literal["plain", "supabase"] = "plain"
    time_zone: ZoneName = "UTC"
    rpo: Seconds | None = None
    rto: Seconds | None = None
    channels: tuple[str, ...] = ()  # Slack channels in which DATABASE may be left out
    critical: tuple[str, ...] = ()
    important: tuple[str, ...] = ()
    supporting: tuple[str, ...] = ()
    fingerprints: FingerprintScope = FingerprintScope.TIERS
    lock_timeout: Seconds = 30.0
    client_major: int | None = None
    compression_level: Annotated[int, Field(ge=0, le=19)] = 3
    schedules: Mapping[Name, ScheduleSettings] = Field(default_factory=dict)
    checks: tuple[CheckSettings, ...] = ()
    date_ranges: tuple[DateRangeSettings, ...] = ()
    hash_chains: tuple[HashChainSettings, ...] = ()
    application: ApplicationSettings | None = None
    restore_test: RestoreTestSettings = RestoreTestSettings()

    @model_validator(mode="after")
    def _one_tier_each(self) -> DatabaseSettings:
        seen: dict[str, Tier] = {}
        for tier in (Tier.CRITICAL, Tier.IMPORTANT, Tier.SUPPORTING):
            for table in self.tier_tables(tier):
                name = table if "." in table else f"public.{table}"
                if name in seen:
                    raise ValueError(
                        f"table {table!r} stands under {seen[name]!s} and again under {tier!s}; "
                        "keep it in one of them"
                    )
                seen[name] = tier
        return self

    def tier_tables(self, tier: Tier) -> tuple[str, ...]:
        """The tables that the configuration puts into a tier, as written there."""
        return {
            Tier.CRITICAL: self.critical,
            Tier.IMPORTANT: self.important,
            Tier.SUPPORTING: self.supporting,
        }.get(tier, ())


class ContactSettings(_Part):
    """Whom to ask, by level of escalation."""

    level: Annotated[int, Field(ge=1, le=3)]
    name: str
    slack: str | None = None
    address: str | None = None
    call_when: str = ""


class PersonSettings(_Part):
    """One human, so that Slack and the command line know each other's."""

    slack: str
    command_line: str


class Configuration(_Part):
    """The file `sparewheel.toml`, whole."""

    slack: SlackSettings = SlackSettings()
    roles: Mapping[Role, tuple[PersonOrGroup, ...]] = Field(default_factory=dict)
    people: tuple[PersonSettings, ...] = ()
    storage: StorageSettings
    databases: Mapping[Name, DatabaseSettings] = Field(default_factory=dict)
    contacts: tuple[ContactSettings, ...] = ()


class Environment(_Part):
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
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _models_within(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_within(arg)]
