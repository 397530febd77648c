"""Where notices go, `[channels.NAME]`, and to whom, `[audiences.NAME]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.settings.fields import CheckUrl, Name, Part, Seconds, ZoneName

PerSecond = Annotated[float, Field(gt=0, le=10_000)]
Timeout = Annotated[Seconds, Field(gt=0, le=120)]
_ADDRESS = r"^[^@\s<>\"\r\n]+@[^@\s<>\"\r\n]+$"
MailAddress = Annotated[str, Field(pattern=_ADDRESS)]


class SlackChannelSettings(Part):
    """Slack channels, those shared through Slack Connect too; the bot must be in them."""

    type: Literal["slack"]
    channels: Annotated[tuple[Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")], ...], Field(min_length=1)]
    per_second: PerSecond = 1.0


class SmtpSettings(Part):
    """E-mail, one message to each recipient. `unsubscribe`: `{recipient}` in it becomes the address."""

    type: Literal["smtp"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_env: str | None = None
    password_env: str | None = None
    sender: MailAddress
    sender_name: Annotated[str, Field(pattern=r"^[^\r\n]*$", max_length=80)] = ""
    reply_to: MailAddress | None = None
    unsubscribe: Annotated[str, Field(pattern=r"^(https://|mailto:)[!-;=?-~]+$", max_length=200)]
    per_second: PerSecond = 10.0
    timeout: Timeout = 30.0

    @model_validator(mode="after")
    def _login_needs_tls(self) -> SmtpSettings:
        if (self.user_env is None) != (self.password_env is None):
            raise ValueError("write both user_env and password_env, or neither")
        if self.user_env and self.security == "none" and self.host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError('a login in the clear is refused; write security = "starttls" or "tls"')
        return self


class WebhookSettings(Part):
    """A signed POST, as standardwebhooks.com describes it. The secret is `whsec_` and base64."""

    type: Literal["webhook"]
    url_env: str
    secret_env: str
    per_second: PerSecond = 5.0
    timeout: Timeout = 15.0


class StatuspageSettings(Part):
    """A page of Statuspage: incidents for emergencies, scheduled maintenances for maintenance."""

    type: Literal["statuspage"]
    page_id: Annotated[str, Field(pattern=r"^[a-z0-9]+$")]
    api_key_env: str
    api_url: CheckUrl = "https://api.statuspage.io/v1"
    components: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$")], ...] = ()
    deliver_notifications: bool = True  # whether Statuspage writes to its own subscribers
    per_second: PerSecond = 1.0  # Statuspage allows one request a second
    timeout: Timeout = 20.0


class AppriseSettings(Part):
    """Everything else: Apprise URLs, one a line in an environment variable, as they hold secrets."""

    type: Literal["apprise"]
    urls_env: str
    per_second: PerSecond = 1.0


ChannelSettings = Annotated[
    SlackChannelSettings | SmtpSettings | WebhookSettings | StatuspageSettings | AppriseSettings,
    Field(discriminator="type"),
]


class AudienceSettings(Part):
    """Who is told. Addresses come from a CSV file or an SQL query; channels without addresses need none."""

    channels: Annotated[tuple[Name, ...], Field(min_length=1)]
    csv: Path | None = None
    sql: str | None = None
    url_env: str | None = None  # the database that `sql` asks
    column: str = "email"
    suppressed: Path | None = None  # addresses that must never be written to, one a line
    time_zone: ZoneName | None = None  # without it the product's

    @model_validator(mode="after")
    def _one_source(self) -> AudienceSettings:
        if self.csv and self.sql:
            raise ValueError("write either csv or sql")
        if bool(self.sql) != bool(self.url_env):
            raise ValueError("sql needs url_env, the variable with the database's address, and the reverse")
        return self
