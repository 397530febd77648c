"""The databases: tiers, schedules, and what a restored copy must answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.core.backup import FingerprintScope, Tier
from bot.core.schedules import RESTORE_TEST, CatchUp
from bot.settings.fields import CheckUrl, Cron, Expected, KeepFor, Name, Part, Seconds, ZoneName


class ScheduleSettings(Part):
    """When a kind of backup is due, and how long it is kept."""

    kind: Literal["full", "critical", "schema", "restore-test"]
    cron: Cron
    grace: Seconds = 6 * 3600.0
    stale_after: Seconds | None = None
    keep: KeepFor | None = None
    catch_up: CatchUp = CatchUp.NEWEST
    then: Literal["restore-test"] | None = None  # after each backup that is stored
    heartbeat_url_env: str | None = None

    @model_validator(mode="after")
    def _follows_a_full_backup(self) -> ScheduleSettings:
        if self.then is not None and self.kind != "full":
            raise ValueError('then = "restore-test" goes with kind = "full"')
        return self


class CheckSettings(Part):
    """One SQL question whose answer a restored database must give."""

    name: str
    sql: str
    expect: Expected
    timeout: Seconds = 60.0


class DateRangeSettings(Part):
    """A column of dates that a restored database is judged by, seen from the backup's snapshot.

    `newest_within`: its newest value may be that much older. `reaches_back`: its oldest value is at least
    that old. Neither: only that there are dates at all.
    """

    table: str
    column: str
    newest_within: Seconds | None = None
    reaches_back: Seconds | None = None


class HashChainSettings(Part):
    """The application's own chain of hashes: SQL that answers with the number of broken links.

    A second column, where there is one, says how many links were looked at.
    """

    name: str
    sql: str
    timeout: Seconds = 300.0


class ApplicationSettings(Part):
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


class RestoreTestSettings(Part):
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


class DatabaseSettings(Part):
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

    @model_validator(mode="after")
    def _proofs_have_a_place(self) -> DatabaseSettings:
        for name, schedule in self.schedules.items():
            if self.staging_url_env is None and RESTORE_TEST in (schedule.kind, schedule.then):
                raise ValueError(
                    f"the schedule {name!r} proves backups, which needs staging_url_env: the name of the "
                    "variable with the staging server's address"
                )
        return self

    def tier_tables(self, tier: Tier) -> tuple[str, ...]:
        """The tables that the configuration puts into a tier, as written there."""
        return {
            Tier.CRITICAL: self.critical,
            Tier.IMPORTANT: self.important,
            Tier.SUPPORTING: self.supporting,
        }.get(tier, ())
