"""Rules that speak of the restored database: its rows, its structure, what the configuration asks."""

from __future__ import annotations

from bot.checks.rule import Rule
from bot.core.finding import Severity

_FAIL, _UNVERIFIED, _NOTE = Severity.FAIL, Severity.UNVERIFIED, Severity.NOTE
_NEW_BACKUP = "Do not rely on this archive: take a new backup and test that one."
_READ_FIRST = "Look at the findings of the restore log first: what failed there is missing here."
_TRY_AGAIN = "Mend what stood in the way and run the restore test again."
_COMPARE = "Compare the object in production and in the kept scratch database, then take a new backup."

RULES_AFTER = (
    # Rows.
    Rule("EMPTY_RESTORE", "row counts", _FAIL, "Nothing came back although there were rows.", _READ_FIRST),
    Rule("TABLE_MISSING", "row counts", _FAIL, "A table did not come back.", _READ_FIRST),
    Rule("ROWS_MISSING", "row counts", _FAIL, "A table came back with fewer rows.", _READ_FIRST),
    Rule("ROWS_UNEXPECTED", "row counts", _FAIL, "A table came back with more rows.", _NEW_BACKUP),
    Rule(
        "ROWS_MOVED",
        "row counts, fingerprints",
        _FAIL,
        "The partitioned table is whole, but rows lie in other partitions than before.",
        _COMPARE,
    ),
    Rule("ROWS_NOT_COUNTED", "row counts", _UNVERIFIED, "A table could not be counted.", _TRY_AGAIN),
    Rule(
        "CONTENT_DIFFERS",
        "fingerprints",
        _FAIL,
        "A table has as many rows as before, and something else in them.",
        _NEW_BACKUP,
    ),
    Rule(
        "CONTENT_NOT_COMPARED",
        "fingerprints",
        _UNVERIFIED,
        "A table's content could not be compared.",
        _TRY_AGAIN,
    ),
    Rule(
        "EXPRESSION_DIFFERS",
        "fingerprints",
        _UNVERIFIED,
        "The manifest's fingerprint was made by an expression that does not belong to the table's columns; "
        "it was not run.",
        "Look whether the columns came back as they were, and who changed the manifest.",
    ),
    Rule(
        "COUNTED_ONLY",
        "fingerprints",
        _NOTE,
        "Some tables were counted, and their content was not fingerprinted.",
        'Put them under critical or important, or set fingerprints = "all".',
    ),
    Rule(
        "MATVIEW_REFRESHED",
        "row counts, fingerprints",
        _NOTE,
        "A materialized view was computed anew by the restore and holds something else than at the backup.",
        "It was stale, or depends on the time of day: refresh it in production if that surprises.",
    ),
    # Structure.
    Rule("STRUCTURE_MISSING", "inventory", _FAIL, "An object did not come back.", _READ_FIRST),
    Rule("STRUCTURE_UNEXPECTED", "inventory", _FAIL, "An object came back that was not there.", _COMPARE),
    Rule("STRUCTURE_DIFFERS", "inventory", _FAIL, "An object came back changed.", _COMPARE),
    Rule(
        "STRUCTURE_REWORDED",
        "inventory",
        _NOTE,
        "Another major version writes the same definition in other words.",
        "Nothing, unless it surprises.",
    ),
    Rule(
        "STRUCTURE_NOT_COMPARED",
        "inventory",
        _UNVERIFIED,
        "A definition could not be compared over two major versions, or was not readable at the backup.",
        "Compare it by eye, or test on a staging server of the source's major version.",
    ),
    Rule("EXTENSION_ABSENT", "inventory", _FAIL, "An extension did not come back.", "Install it on staging."),
    Rule(
        "EXTENSION_VERSION_DIFFERS",
        "inventory",
        _NOTE,
        "Staging has another version of an extension.",
        "Install the same version on staging for a truer test.",
    ),
    Rule(
        "ROW_SECURITY_DIFFERS",
        "inventory",
        _FAIL,
        "Row security is on where it was off, or off where it was on.",
        _COMPARE,
    ),
    Rule("GRANTS_DIFFER", "inventory", _FAIL, "Who may do what came back changed.", _COMPARE),
    Rule(
        "DEFAULT_PRIVILEGES_DIFFER",
        "inventory",
        _FAIL,
        "What new objects are open to came back changed.",
        _COMPARE,
    ),
    Rule("OWNER_DIFFERS", "inventory", _FAIL, "An object came back with another owner.", _COMPARE),
    Rule(
        "MATVIEW_UNPOPULATED",
        "inventory",
        _FAIL,
        "A materialized view came back without its rows.",
        "Run REFRESH MATERIALIZED VIEW after a restore, and look why the restore could not.",
    ),
    Rule(
        "LARGE_OBJECTS_DIFFER",
        "inventory",
        _FAIL,
        "There are more or fewer large objects than before.",
        _READ_FIRST,
    ),
    Rule(
        "LEFT_OUT",
        "inventory",
        _NOTE,
        "Objects were left out on purpose, by the backup or by the way of restoring.",
        "Know that a restore of this kind does not bring them.",
    ),
    Rule(
        "CONSTRAINT_NOT_VALIDATED",
        "constraints",
        _FAIL,
        "A constraint that held for every row came back unchecked.",
        "Run ALTER TABLE … VALIDATE CONSTRAINT in the scratch database; it names what breaks it.",
    ),
    Rule(
        "CONSTRAINT_NOT_ENFORCED",
        "constraints",
        _FAIL,
        "A foreign key came back with its triggers switched off.",
        "Run ALTER TABLE … ENABLE TRIGGER ALL after a restore.",
    ),
    Rule(
        "INDEX_INVALID",
        "constraints",
        _FAIL,
        "An index came back that PostgreSQL will not use.",
        "Run REINDEX on it and look why it could not be built.",
    ),
    Rule(
        "SEQUENCE_BEHIND",
        "sequences",
        _FAIL,
        "A sequence would give out a number that a row has already.",
        "Set it with setval() after a restore, and take a new backup.",
    ),
    Rule(
        "SEQUENCE_WAS_BEHIND",
        "sequences",
        _NOTE,
        "A sequence is behind its column, and was so at the backup.",
        "Look whether rows are written with numbers of their own in production.",
    ),
    Rule("SEQUENCE_UNCHECKED", "sequences", _UNVERIFIED, "A sequence could not be looked at.", _TRY_AGAIN),
    # What the configuration asks.
    Rule("DATES_MISSING", "date ranges", _FAIL, "A column of dates is empty.", _READ_FIRST),
    Rule(
        "DATES_TOO_OLD",
        "date ranges",
        _FAIL,
        "The newest date is older than the configuration allows.",
        "Look whether the application still writes, and whether this is the right database.",
    ),
    Rule(
        "DATES_TOO_SHORT",
        "date ranges",
        _FAIL,
        "The oldest date is younger than records have to be kept.",
        "Look who removed the older rows, and restore them from an earlier backup.",
    ),
    Rule("DATES_IN_ORDER", "date ranges", _NOTE, "How far a column of dates reaches.", ""),
    Rule(
        "DATES_NOT_CHECKED",
        "date ranges",
        _UNVERIFIED,
        "A configured column of dates could not be looked at.",
        "Mend date_ranges in the configuration, or look why the column is missing.",
    ),
    Rule(
        "COLLATION_VERSION_DIFFERS",
        "collation",
        _NOTE,
        "Staging sorts by another version of the same rules than the source.",
        "After a restore to such a server, indexes are built anew and are right; copies of files are not.",
    ),
    Rule(
        "COLLATION_DIFFERS",
        "collation",
        _NOTE,
        "Staging sorts by other rules than the source, so what an ORDER BY gives may differ.",
        "Make staging with the source's locale for a truer test.",
    ),
    Rule(
        "COLLATION_MISMATCH",
        "collation",
        _UNVERIFIED,
        "The restored database was made under another version of the sorting rules than the server has now.",
        "Run ALTER DATABASE … REFRESH COLLATION VERSION on staging's template databases, then test again.",
    ),
    Rule(
        "HASH_CHAIN_BROKEN",
        "hash chain",
        _FAIL,
        "The application's own chain of hashes does not hold.",
        "Run the same SQL in production: if it holds there, take a new backup; if not, somebody changed the "
        "trail.",
    ),
    Rule(
        "HASH_CHAIN_EMPTY",
        "hash chain",
        _UNVERIFIED,
        "The application's chain of hashes has no links to look at.",
        "Look whether its table came back.",
    ),
    Rule(
        "HASH_CHAIN_NOT_CHECKED", "hash chain", _UNVERIFIED, "The chain's SQL could not be run.", _TRY_AGAIN
    ),
    Rule(
        "CUSTOM_CHECK_FAILED",
        "custom SQL",
        _FAIL,
        "A question of the configuration got another answer than expected.",
        "Run the same SQL in production to see whether the data or the backup is wrong.",
    ),
    Rule(
        "CUSTOM_CHECK_NOT_RUN",
        "custom SQL",
        _UNVERIFIED,
        "A question of the configuration got no answer.",
        "Mend its SQL in the configuration, or look why it cannot run.",
    ),
    Rule(
        "APPLICATION_FAILED",
        "application",
        _FAIL,
        "The application's own test said no to the restored database.",
        "Run it by hand against the kept scratch database.",
    ),
    Rule(
        "APPLICATION_NOT_RUN",
        "application",
        _UNVERIFIED,
        "The application's own test could not be run to its end.",
        "Mend the command or the URL in the configuration, or give it more time.",
    ),
    Rule(
        "RTO_EXCEEDED",
        "RTO",
        _FAIL,
        "Fetching, restoring and verifying took longer than a recovery may take.",
        "Restore with more jobs or on a larger machine, or agree on a longer RTO.",
    ),
    Rule(
        "CHECK_NOT_RUN",
        "every check",
        _UNVERIFIED,
        "A check ended with an error of its own.",
        "Report it with the log of this restore test, and run the test again.",
    ),
    Rule(
        "CANCELLED",
        "restore test",
        _UNVERIFIED,
        "Somebody stopped the test.",
        "Ask for the test again when it suits.",
    ),
    Rule(
        "TEST_BROKE_OFF",
        "restore test",
        _UNVERIFIED,
        "The test ended before it had looked at everything.",
        "Ask for the test again. If this repeats, look at the worker's memory and logs.",
    ),
    Rule(
        "PROOF_NOT_KEPT",
        "restore test",
        _NOTE,
        "The proof could not be written into storage; the ledger has it.",
        "Look whether the store can be written to.",
    ),
    Rule(
        "SCRATCH_LEFT",
        "restore test",
        _NOTE,
        "The scratch database could not be dropped now.",
        "It is tried again by itself; look whether the staging server is up.",
    ),
)
