"""sparewheel.toml and the environment -> frozen settings. Secrets are read from the environment only."""

from __future__ import annotations

from bot.settings.alerts import AlertSettings, HeartbeatSettings, QuietHoursSettings
from bot.settings.approvals import ApprovalSettings
from bot.settings.channels import (
    AppriseSettings,
    AudienceSettings,
    ChannelSettings,
    SlackChannelSettings,
    SmtpSettings,
    StatuspageSettings,
    WebhookSettings,
)
from bot.settings.databases import (
    ApplicationSettings,
    CheckSettings,
    DatabaseSettings,
    DateRangeSettings,
    HashChainSettings,
    RestoreTestSettings,
    ScheduleSettings,
)
from bot.settings.environment import DEFAULT_HOME, Environment, read_environment
from bot.settings.house import HouseSettings
from bot.settings.load import load_configuration, parse_configuration
from bot.settings.notices import NoticesSettings, ProductSettings
from bot.settings.report import ReportSettings
from bot.settings.storage import ReaderSettings, StorageSettings
from bot.settings.whole import Configuration, ContactSettings, PersonSettings, SlackSettings

__all__ = [
    "DEFAULT_HOME",
    "AlertSettings",
    "ApplicationSettings",
    "AppriseSettings",
    "ApprovalSettings",
    "AudienceSettings",
    "ChannelSettings",
    "CheckSettings",
    "Configuration",
    "ContactSettings",
    "DatabaseSettings",
    "DateRangeSettings",
    "Environment",
    "HashChainSettings",
    "HeartbeatSettings",
    "HouseSettings",
    "NoticesSettings",
    "PersonSettings",
    "ProductSettings",
    "QuietHoursSettings",
    "ReaderSettings",
    "ReportSettings",
    "RestoreTestSettings",
    "ScheduleSettings",
    "SlackChannelSettings",
    "SlackSettings",
    "SmtpSettings",
    "StatuspageSettings",
    "StorageSettings",
    "WebhookSettings",
    "load_configuration",
    "parse_configuration",
    "read_environment",
]
