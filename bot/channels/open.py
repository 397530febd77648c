"""The configured channels: how each is opened, how fast it may go, and whom it reaches by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels.interface import Channel
from bot.channels.rehearsal import open_rehearsal
from bot.channels.slack import SlackChannel, SlackClient
from bot.core.delivery import REHEARSAL
from bot.errors import ConfigurationError, NotFoundError
from bot.settings.channels import (
    AppriseSettings,
    ChannelSettings,
    SlackChannelSettings,
    SmtpSettings,
    StatuspageSettings,
    WebhookSettings,
)


@dataclass(frozen=True)
class ConfiguredChannels:
    """Channels by name. `slack` None: no Slack is connected. The environment never shows in repr()."""

    settings: Mapping[str, ChannelSettings]
    environ: Mapping[str, str] = field(repr=False)
    slack: SlackClient | None = None
    team_channel: str | None = None  # where rehearsals go

    def open(self, name: str) -> Channel:
        """A channel, ready to send; nothing is connected yet.

        Raises:
            ConfigurationError: a variable is not set, or no Slack is connected.
            NotFoundError: there is no such channel (any more).
        """
        if name == REHEARSAL:
            return open_rehearsal(self._slack())
        return self._open(self._of(name))

    def _open(self, settings: ChannelSettings) -> Channel:
        """Each kind's module is loaded when it is needed: the command line need not wait for all of them."""
        if isinstance(settings, SlackChannelSettings):
            return SlackChannel(self._slack())
        if isinstance(settings, SmtpSettings):
            return self._smtp(settings)
        if isinstance(settings, WebhookSettings):
            from bot.channels.webhook import WebhookChannel, read_secret  # noqa: PLC0415 - see above

            secret = read_secret(self._value(settings.secret_env), settings.secret_env)
            return WebhookChannel(self._web_address(settings.url_env), secret, settings.timeout)
        if isinstance(settings, StatuspageSettings):
            from bot.channels.statuspage import StatuspageChannel  # noqa: PLC0415 - see above

            return StatuspageChannel(settings, self._value(settings.api_key_env))
        from bot.channels.apprise_urls import AppriseChannel  # noqa: PLC0415 - see above

        return AppriseChannel(self._urls(settings))

    def _smtp(self, settings: SmtpSettings) -> Channel:
        from bot.channels.smtp import SmtpChannel  # noqa: PLC0415 - see _open

        user = self._value(settings.user_env) if settings.user_env else None
        password = self._value(settings.password_env) if settings.password_env else None
        return SmtpChannel(settings, user, password)

    def _urls(self, settings: AppriseSettings) -> dict[str, str]:
        from bot.channels.apprise_urls import labelled  # noqa: PLC0415 - see _open

        return labelled(self._value(settings.urls_env), settings.urls_env)

    def spacing(self, name: str) -> float:
        """Seconds from one message to the next."""
        return 1.0 if name == REHEARSAL else 1.0 / self._of(name).per_second

    def reaches(self, name: str) -> tuple[str, ...] | None:
        """Whom a channel reaches by itself; None where it needs addresses.

        Raises:
            ConfigurationError: a variable is not set. NotFoundError: there is no such channel.
        """
        if name == REHEARSAL:
            return (self.team_channel,) if self.team_channel else ()
        settings = self._of(name)
        if isinstance(settings, SmtpSettings):
            return None
        if isinstance(settings, SlackChannelSettings):
            return settings.channels
        if isinstance(settings, AppriseSettings):
            return tuple(self._urls(settings))
        return (settings.page_id,) if isinstance(settings, StatuspageSettings) else (name,)

    def _of(self, name: str) -> ChannelSettings:
        found = self.settings.get(name)
        if found is None:
            raise NotFoundError(
                f"There is no channel called {name[:40]} in the configuration.",
                next_step=f"Known here: {', '.join(self.settings) or 'none'}.",
            )
        return found

    def _slack(self) -> SlackClient:
        if self.slack is None:
            raise ConfigurationError(
                "No Slack is connected, so nothing can be posted there.",
                next_step="Set SLACK_BOT_TOKEN for the worker.",
            )
        return self.slack

    def _web_address(self, variable: str) -> str:
        url = self._value(variable)
        here = url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        if not url.startswith("https://") and not here:
            raise ConfigurationError(f"{variable} must begin with https://.")
        return url

    def _value(self, variable: str) -> str:
        value = self.environ.get(variable)
        if not value:
            raise ConfigurationError(
                f"A channel needs {variable}, which is not set in the environment.",
                next_step=f"Set {variable} and restart the worker.",
            )
        return value
