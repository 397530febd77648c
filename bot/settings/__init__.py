"""sparewheel.toml and the environment -> frozen settings. Secrets are read from the environment only."""

from __future__ import annotations

from bot.settings.alerts import AlertSettings, HeartbeatSettings, QuietHoursSettings
from bot.settings.approvals import ApprovalSettings
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
from bot.settings.storage import ReaderSettings, StorageSettings
from bot.settings.whole import Configuration, ContactSettings, PersonSettings, SlackSettings

__all__ = [
    "DEFAULT_HOME",
    "AlertSettings",
    "ApplicationSettings",
    "ApprovalSettings",
    "CheckSettings",
    "Configuration",
    "ContactSettings",
    "DatabaseSettings",
    "DateRangeSettings",
    "Environment",
    "HashChainSettings",
    "HeartbeatSettings",
    "HouseSettings",
    "PersonSettings",
    "QuietHoursSettings",
    "ReaderSettings",
    "RestoreTestSettings",
    "ScheduleSettings",
    "SlackSettings",
    "StorageSettings",
    "load_configuration",
    "parse_configuration",
    "read_environment",
]
