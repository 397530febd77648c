"""Rules that speak before the restored database is looked at: storage, archive, staging, restore log."""

from __future__ import annotations

from bot.checks.rule import Rule
from bot.core.finding import Severity

_FAIL, _UNVERIFIED, _NOTE = Severity.FAIL, Severity.UNVERIFIED, Severity.NOTE
_NEW_BACKUP = "Do not rely on this archive: take a new backup and test that one."
_READ_FIRST = "Look at the findings of the restore log first: what failed there is missing here."
_TRY_AGAIN = "Mend what stood in the way and run the restore test again."
_COMPARE = "Compare the object in production and in the kept scratch database, then take a new backup."

RULES_BEFORE = (
    # The service's own, before anything is restored.
    Rule("ARCHIVE_MISSING", "download", _FAIL, "The archive is not where the manifest says.", _NEW_BACKUP),
    Rule(
        "ARCHIVE_SIZE_DIFFERS",
        "download",
        _FAIL,
        "The archive in storage has another size than the one that was stored.",
        _NEW_BACKUP,
    ),
    Rule(
        "ARCHIVE_HASH_DIFFERS",
        "download",
        _FAIL,
        "The archive's bytes are not the ones that were stored.",
        "Look who changed the object in storage. " + _NEW_BACKUP,
    ),
    Rule("MANIFEST_MISSING", "manifest", _FAIL, "There is no manifest to compare with.", _NEW_BACKUP),
    Rule("MANIFEST_UNREADABLE", "manifest", _FAIL, "The manifest cannot be read.", _NEW_BACKUP),
    Rule(
        "MANIFEST_FROM_THE_FUTURE",
        "manifest",
        _UNVERIFIED,
        "The manifest was written by a newer Sparewheel than this one.",
        "Update this Sparewheel and run the restore test again.",
    ),
    Rule(
        "FORMAT_NOT_TESTED",
        "manifest",
        _UNVERIFIED,
        "Only a backup of one archive in the custom format can be restored for a test.",
        "Take a backup without `plain` and test that one.",
    ),
    Rule(
        "MANIFEST_DIFFERS",
        "manifest",
        _FAIL,
        "The manifest says something else than what was noted when the backup was stored.",
        "Look who changed the object in storage. " + _NEW_BACKUP,
    ),
    Rule("FETCH_FAILED", "download", _UNVERIFIED, "The archive could not be fetched whole.", _TRY_AGAIN),
    Rule(
        "TARGET_UNAVAILABLE",
        "staging",
        _UNVERIFIED,
        "The staging server could not be used, or not to the end.",
        _TRY_AGAIN,
    ),
    Rule(
        "CLIENT_TOO_OLD",
        "restore test",
        _UNVERIFIED,
        "The archive was written by a newer pg_dump than any pg_restore of this machine reads.",
        "Install the PostgreSQL client that the sentence names on the worker, then ask for the test again.",
    ),
    Rule(
        "DISK_TOO_SMALL",
        "staging",
        _UNVERIFIED,
        "There is too little space for the archive.",
        "Free the space that is named and run the restore test again.",
    ),
    Rule("CANCELLED", "restore test", _UNVERIFIED, "Somebody stopped the test.", "Ask for it again."),
    Rule("TEST_BROKE_OFF", "restore test", _UNVERIFIED, "The test ended before it was done.", _TRY_AGAIN),
    Rule(
        "SCRATCH_LEFT",
        "restore test",
        _NOTE,
        "The scratch database could not be dropped yet.",
        "Nothing: it is looked for and dropped later.",
    ),
    Rule(
        "PROOF_NOT_KEPT",
        "restore test",
        _NOTE,
        "The verdict is in the ledger, and could not be written into storage too.",
        "Look why the store refuses, and run the restore test again if the proof is needed there.",
    ),
    # The archive itself.
    Rule(
        "ARCHIVE_UNREADABLE",
        "archive integrity",
        _FAIL,
        "The archive cannot be read to its end: it is cut off, damaged, or none at all.",
        _NEW_BACKUP,
    ),
    Rule(
        "ARCHIVE_LACKS_ROWS",
        "archive integrity",
        _FAIL,
        "The archive holds no rows of a table whose rows the manifest promises.",
        _NEW_BACKUP,
    ),
    Rule(
        "ARCHIVE_HOLDS_MORE",
        "archive integrity",
        _FAIL,
        "The archive holds rows of a table that the manifest does not know: it is another backup's archive.",
        _NEW_BACKUP,
    ),
    # What the restore itself said.
    Rule(
        "ROLE_ABSENT",
        "restore log",
        _FAIL,
        "A role that the archive names is not on staging, so what was meant for it is missing.",
        "Create the role before a restore; the manifest's roles say how.",
    ),
    Rule("RESTORE_ERROR", "restore log", _FAIL, "The server refused a part of the archive.", _NEW_BACKUP),
    Rule("RESTORE_FAILED", "restore log", _FAIL, "The restore ended before it was done.", _TRY_AGAIN),
    Rule(
        "EXIT_CODE_LIED",
        "restore log",
        _FAIL,
        "pg_restore said 0 although it had met errors.",
        "Look at the other findings of the restore log: they say which.",
    ),
    Rule(
        "UNEXPLAINED_LINE",
        "restore log",
        _FAIL,
        "The restore said something of an unknown kind.",
        "Restore by hand to read it, and report it so that it gets a rule.",
    ),
    Rule(
        "FORBIDDEN_ACTION",
        "restore log",
        _FAIL,
        "Code in the archive tried to reach out of its database, and was refused.",
        "Find out who put that code into production before anybody restores this archive anywhere.",
    ),
    Rule(
        "TARGET_FULL",
        "restore log",
        _UNVERIFIED,
        "The staging server ran out of space.",
        "Make room on staging and run the restore test again.",
    ),
    Rule(
        "RESTORE_TOO_LARGE",
        "restore log",
        _FAIL,
        "The restore wrote far more than the backup's tables hold, and was stopped.",
        "Look for code in the archive that fills tables, before anybody restores it anywhere.",
    ),
    Rule(
        "RESTORE_TOO_SLOW",
        "restore log",
        _FAIL,
        "The restore took longer than its limit, and was stopped.",
        "Look for code in the archive that waits for ever; raise the limit if the database is that large.",
    ),
    Rule("RESTORE_STOPPED", "restore log", _UNVERIFIED, "A statement was cut short on staging.", _TRY_AGAIN),
    Rule(
        "SUPERUSER_NEEDED",
        "restore log",
        _UNVERIFIED,
        "A part of the archive needs rights that a restore test does not have.",
        "Look whether that part matters, and try it by hand on a server of your own.",
    ),
    Rule(
        "OLDER_SERVER",
        "restore log",
        _UNVERIFIED,
        "Staging is older than the archive and does not know a part of it.",
        "Test on a staging server of the source's major version.",
    ),
    Rule(
        "OLDER_SERVER_SETTING",
        "restore log",
        _NOTE,
        "Staging is older than the client and does not know one of its settings.",
        "Nothing: the setting only serves the restoring session.",
    ),
    Rule(
        "CLIENT_WARNING",
        "restore log",
        _UNVERIFIED,
        "pg_restore warned of something of an unknown kind.",
        "Restore by hand to read it.",
    ),
    Rule(
        "SUPERUSER_LEFT_OUT",
        "restore log",
        _NOTE,
        "What only a superuser can make was left out.",
        "Make it by hand after a restore; the platform may bring it itself.",
    ),
    Rule(
        "CALLS_OUT_LEFT_OUT",
        "restore log",
        _NOTE,
        "What could reach another server was left out of the scratch database.",
        "Know that this part of the backup was not tried.",
    ),
    Rule(
        "CALLS_OUT",
        "restore log",
        _NOTE,
        "A trigger calls a webhook in production; in the scratch database it finds nothing to call with.",
        "",
    ),
    Rule(
        "RESTORED_AS_STAGING",
        "restore log",
        _NOTE,
        "The customer's part was restored as staging's own role, which may not lend the platform's rights.",
        "On PostgreSQL 16 or newer make a role with CREATEDB, CREATEROLE and BYPASSRLS for it, to which "
        "an administrator has granted the template's owner WITH ADMIN OPTION.",
    ),
    Rule(
        "PLATFORM_PART",
        "restore log",
        _NOTE,
        "Rows that the platform keeps itself were left to it.",
        "",
    ),
    Rule(
        "KEY_LEFT_OUT",
        "restore log",
        _NOTE,
        "A foreign key was left out: this kind of backup holds only one side's rows.",
        "Restore such a backup into a database that has the other tables.",
    ),
    Rule("SERVER_REMARK", "restore log", _NOTE, "The server had a remark.", ""),
)
