"""The file `sparewheel.toml` as a whole, and its small parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from bot.core.people import Role
from bot.core.schedules import HOUSE
from bot.settings.alerts import AlertSettings, HeartbeatSettings
from bot.settings.approvals import ApprovalSettings
from bot.settings.channels import AudienceSettings, ChannelSettings
from bot.settings.databases import DatabaseSettings
from bot.settings.fields import Name, Part, PersonOrGroup, SlackUser
from bot.settings.house import HouseSettings
from bot.settings.notices import NoticesSettings
from bot.settings.report import ReportSettings
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
    """One human with every account of theirs, so that nobody approves what is their own."""

    slack: SlackUser | Annotated[tuple[SlackUser, ...], Field(min_length=1)]
    command_line: str | None = None

    @property
    def slack_ids(self) -> tuple[str, ...]:
        """Their Slack user ids, at least one."""
        return (self.slack,) if isinstance(self.slack, str) else self.slack


class Configuration(Part):
    """The file `sparewheel.toml`, whole."""

    slack: SlackSettings = SlackSettings()
    roles: Mapping[Role, tuple[PersonOrGroup, ...]] = Field(default_factory=dict)
    people: tuple[PersonSettings, ...] = ()
    storage: StorageSettings
    databases: Mapping[Name, DatabaseSettings] = Field(default_factory=dict)
    contacts: tuple[ContactSettings, ...] = ()
    house: HouseSettings = HouseSettings()
    report: ReportSettings = ReportSettings()

    @field_validator("databases")
    @classmethod
    def _house_is_ours(cls, value: Mapping[str, DatabaseSettings]) -> Mapping[str, DatabaseSettings]:
        if HOUSE in value:
            raise ValueError(f"no database can be called {HOUSE!r}: the bot's own schedules go by that name")
        return value

    approvals: ApprovalSettings = ApprovalSettings()
    alerts: AlertSettings = AlertSettings()
    heartbeats: HeartbeatSettings = HeartbeatSettings()
    notices: NoticesSettings = NoticesSettings()
    channels: Mapping[Name, ChannelSettings] = Field(default_factory=dict)
    audiences: Mapping[Name, AudienceSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _notices_name_what_is_there(self) -> Configuration:
        """A channel that is missing would be noticed in the middle of an emergency."""
        for name, audience in self.audiences.items():
            for channel in audience.channels:
                found = self.channels.get(channel)
                if found is None:
                    raise ValueError(f"audiences.{name} names the channel {channel!r}, which is not there")
                if found.type == "smtp" and not (audience.csv or audience.sql):
                    raise ValueError(f"audiences.{name} goes by mail and needs csv or sql, to know to whom")
        for name, product in self.notices.products.items():
            if product.database is not None and product.database not in self.databases:
                raise ValueError(f"notices.products.{name}: there is no database {product.database!r}")
        return self

    @model_validator(mode="after")
    def _one_human_each(self) -> Configuration:
        """An account that two people share would let one of them approve what the other asked for."""
        accounts = [account for person in self.people for account in (*person.slack_ids, person.command_line)]
        for account in accounts:
            if account is not None and accounts.count(account) > 1:
                raise ValueError(f"{account!r} stands under [[people]] twice; an account is one person's")
        return self
