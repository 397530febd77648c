"""Which parts are the product's own and which are given, read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.errors import ConfigurationError
from bot.settings import Environment


class SlackEdge(StrEnum):
    """Which Slack the product speaks to, and how."""

    SANDBOX = "sandbox"
    SOCKET = "socket"
    HTTP = "web"
    NONE = "none"


@dataclass(frozen=True)
class Plan:
    """What `sparewheel run` starts.

    Attributes:
        ledger: whether the ledger is an embedded one.
        samples: whether the databases are the embedded samples (no configuration is given).
        slack: which Slack.
    """

    ledger: bool
    samples: bool
    slack: SlackEdge

    @property
    def embedded(self) -> bool:
        """Whether embedded servers are needed at all."""
        return self.ledger or self.samples


def read(environment: Environment) -> Plan:
    """Decide from what is set; each part is replaced by setting it, alone.

    A configuration without Slack's tokens gets no sandbox: it would let anybody at this machine back up
    real databases without being anybody.

    Raises:
        ConfigurationError: half of Slack's tokens is set.
    """
    samples = environment.config is None
    return Plan(environment.database_url is None, samples, _slack(environment, samples=samples))


def _slack(environment: Environment, *, samples: bool) -> SlackEdge:
    app, signing = environment.slack_app_token, environment.slack_signing_secret
    if environment.slack_bot_token is None:
        if app or signing:
            given = "SLACK_APP_TOKEN" if app else "SLACK_SIGNING_SECRET"
            raise ConfigurationError(
                f"{given} is set, but SLACK_BOT_TOKEN is not.",
                next_step="Set SLACK_BOT_TOKEN too (it begins with xoxb-), or unset the other one.",
            )
        return SlackEdge.SANDBOX if samples else SlackEdge.NONE
    if app:
        return SlackEdge.SOCKET
    if signing:
        return SlackEdge.HTTP
    raise ConfigurationError(
        "SLACK_BOT_TOKEN is set, but neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is.",
        next_step="Set SLACK_APP_TOKEN (Socket Mode), or SLACK_SIGNING_SECRET to be called over HTTP.",
    )
