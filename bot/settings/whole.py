"""The file `sparewheel.toml` as a whole, and its small parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.core.people import Role
from bot.settings.databases import DatabaseSettings
from bot.settings.fields import Name, Part, PersonOrGroup
from bot.settings.storage import StorageSettings


class SlackSettings(Part):
    """Where the bot speaks without being asked."""

    operations_channel: str | None = None
    alerts_channel: str | None = None


class ContactSettings(Part):
    """Whom to ask, by level of escalation."""

    level: Annotated[int, Field(ge=1, le=3)]
    name: str
    slack: str | None = None
    address: str | None = None
    call_when: str = ""


class PersonSettings(Part):
    """One human, so that Slack and the command line know each other's."""

    slack: str
    command_line: str


class Configuration(Part):
    """The file `sparewheel.toml`, whole."""

    slack: SlackSettings = SlackSettings()
    roles: Mapping[Role, tuple[PersonOrGroup, ...]] = Field(default_factory=dict)
    people: tuple[PersonSettings, ...] = ()
    storage: StorageSettings
    databases: Mapping[Name, DatabaseSettings] = Field(default_factory=dict)
    contacts: tuple[ContactSettings, ...] = ()
