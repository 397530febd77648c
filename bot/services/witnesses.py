"""Is what the ledger calls stored really there? The storage is asked, by version and by listing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.alerts import Condition, Severity
from bot.core.backup import BackupRecord, Doubt, Kind, SeenBy, Tier
from bot.core.manifest import Manifest
from bot.errors import ObjectMissingError, StorageError
from bot.platforms.interface import OwnBackups, Platform
from bot.services.backups import read_manifest
from bot.storage.interface import Store

WITNESS, STORAGE_AWAY, NO_TIER = "witness", "storage-away", "no-tier"
# One lost answer is no news; a storage that stays away for this long is.
_AWAY_AFTER = timedelta(minutes=3)
_NAMED = 5
# A materialized view is made anew from tables that have their tiers.
_TIERED = frozenset({"table", "partitioned"})
# The hosts that take backups of their own take them daily.
_OWN_BACKUPS_AGE = timedelta(hours=48)


@dataclass(frozen=True)
class Subject:
    """One database: the newest stored backup of each kind, good or not, and what is configured for it."""

    name: str
    newest: Sequence[BackupRecord]
    platform: Platform
    has_tiers: bool
    own: OwnBackups


@dataclass
class Witnesses:
    """Compares. Manifests never change, so each is read once."""

    store: Store
    _in_no_tier: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def look(self, subject: Subject, now: datetime) -> list[Condition]:
        """What does not agree about one database, by what was kept of the last look at its backups.

        Raises:
            StorageError: the storage could not be asked, so nothing is known.
        """
        found = [*own_backups(subject, now)]
        for record in subject.newest:
            found += _compare(record)
        if subject.has_tiers:
            found += self._tables_in_no_tier(subject)
        return found

    def difference(self, record: BackupRecord) -> tuple[Doubt, str] | None:
        """What the storage says against a stored backup, and in which words; None where it agrees.

        Raises:
            StorageError: it could not be asked.
        """
        assert record.archive_key is not None  # a stored backup has both; for mypy
        assert record.manifest_key is not None
        try:
            archive = self.store.head(record.archive_key, record.version_id)
        except ObjectMissingError:
            return Doubt.GONE, "Its archive is not in the storage."
        if archive.size_bytes != record.size_bytes:
            sizes = f"{archive.size_bytes:,} bytes there instead of {record.size_bytes:,}"
            return Doubt.DAMAGED, f"Its archive has {sizes}."
        try:
            self.store.head(record.manifest_key, record.manifest_version_id)
        except ObjectMissingError:
            return Doubt.GONE, "Its manifest is not in the storage."
        for what, key, version in (
            ("archive", record.archive_key, record.version_id),
            ("manifest", record.manifest_key, record.manifest_version_id),
        ):
            # Without versions the object that was just seen is the only one there is.
            if version and not any(listed.key == key for listed in self.store.list(key)):
                left = "only the version behind the deletion is left"
                return Doubt.GONE, f"Somebody deleted its {what}; {left}."
        return None

    def _tables_in_no_tier(self, subject: Subject) -> Iterator[Condition]:
        full = next((r for r in subject.newest if r.kind is Kind.FULL), None)
        if full is None:
            return
        names = self._in_no_tier.get(full.id)
        if names is None:
            names = self._read_tiers(full, subject.platform)
            self._in_no_tier[full.id] = names
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
            yield Condition(
                f"{NO_TIER}:{subject.name}",
                NO_TIER,
                Severity.WARNING,
                subject.name,
                f"`{subject.name}` has {_tables(len(names))} in no tier: {shown}{more}.",
                "Put each under critical, important or supporting in the configuration.",
            )

    def _read_tiers(self, record: BackupRecord, platform: Platform) -> tuple[str, ...]:
        try:
            manifest = read_manifest(self.store, record)
        except (ObjectMissingError, ValueError, KeyError, TypeError):
            return ()  # said by the comparison, or by the check of the backup
        return tuple(_other_tables(manifest, platform))


def storage_away(error: StorageError) -> Condition:
    """The storage could not be looked at, and nothing is known of what lies there."""
    return Condition(
        STORAGE_AWAY,
        STORAGE_AWAY,
        Severity.CRITICAL,
        None,
        f"Could not look whether the backups are there: {error.sentence}",
        error.next_step or "Look at the storage's address and credentials.",
        after=_AWAY_AFTER,
    )


def _compare(record: BackupRecord) -> Iterator[Condition]:
    """Where the ledger calls it stored and the storage does not agree; a check's word is another alert."""
    if record.doubt is not Doubt.GONE and record.damaged_seen_by != SeenBy.LOOK:
        return
    reason = record.doubt_sentence
    yield Condition(
        f"{WITNESS}:{record.database}/{record.id}",
        WITNESS,
        Severity.CRITICAL,
        record.database,
        f"The ledger says that the {record.kind} backup `{record.id}` of `{record.database}` is stored, "
        f"but {reason[:1].lower()}{reason[1:]}",
        f"Do not count on it. Type `/backup now {record.kind} {record.database}`, "
        "and find out who or what changed the storage.",
    )


def own_backups(subject: Subject, now: datetime) -> Iterator[Condition]:
    """The platform's own backups, where it can be asked for them."""
    own = subject.own
    if not own.known or (own.newest is not None and now - own.newest <= _OWN_BACKUPS_AGE):
        return
    yield Condition(
        f"{WITNESS}:{subject.name}/{subject.platform.name}",
        WITNESS,
        Severity.WARNING,
        subject.name,
        f"{subject.platform.name.capitalize()} has no backup of `{subject.name}` from the last two days.",
        "Look at its page for backups.",
    )


def _other_tables(manifest: Manifest, platform: Platform) -> Iterator[str]:
    for table in manifest.tables:
        is_whole = table.root is None and table.kind in _TIERED
        if table.tier == Tier.OTHER and is_whole and platform.wants_tiers(table.schema):
            yield f"{table.schema}.{table.name}"


def _tables(number: int) -> str:
    return "1 table" if number == 1 else f"{number} tables"
