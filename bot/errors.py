"""Every error the product raises on purpose, each with the sentence its user reads.

SparewheelError
├── ConfigurationError         the configuration or the environment is wrong (exit code 2)
├── UserError                  what was typed cannot be done as typed
│   ├── WordsError             the words of a command cannot be read
│   ├── FieldsError            something in a form is wrong
│   ├── NotAllowedError        the role does not reach
│   └── NotFoundError          no such backup, database, table
├── DatabaseError              the database that is to be backed up
│   ├── UnreachableError       host, port, DNS, TLS, refused, gone
│   ├── LoginRefusedError      password or role
│   ├── PoolerError            a transaction pooler cannot hold a snapshot
│   ├── ClientTooOldError      no pg_dump as new as the server, no pg_restore as new as the archive
│   ├── RightsError            what the role may not read, and must
│   ├── TableMissingError      a configured table is not there
│   ├── LockTimeoutError       a table was locked by somebody else for too long
│   ├── SnapshotLostError      the session that holds the snapshot ended
│   └── DumpFailedError        pg_dump itself said no, or its output was not whole
├── StorageError
│   ├── StorageRefusedError    credentials or rights
│   ├── StorageMissingError    the bucket or folder is not there
│   ├── ObjectMissingError     the object is not there
│   ├── AlreadyExistsError     something lies under that key, and is never overwritten
│   ├── StorageFullError       no space or quota left
│   ├── StorageUnavailableError  timeouts, 5xx, connection refused; retries are over
│   └── StorageMismatchError   what the store holds is not what was sent
├── ChannelError               where a notice goes
│   ├── ChannelRefusedError    final for this recipient
│   ├── ChannelBusyError       not now; another attempt may work
│   └── ChannelUnknownError    nobody knows whether it went
├── RunStoppedError            not a fault of the run itself
│   ├── CancelledError         a person said stop
│   ├── DatabaseBusyError      another backup of the same database runs; this one still waits
│   ├── NotConfiguredHereError  another process's configuration may hold it; this one's does not
│   ├── DeliveryWaitsError     a notice's recipients wait for a channel; the job comes back later
│   └── LeaseLostError         another process took this run over (or failed it): stop writing
└── ServiceError               the bot's own parts
    ├── LedgerUnavailableError
    ├── SlackError
    └── SandboxError           the sandbox refuses (a database that is not an embedded one, …)

`sentence` is one plain sentence for a person, without secrets and without rows of data.
`next_step` says what to do now. `cause` may hold redacted technical detail for the thread and the log.
"""

from __future__ import annotations

from collections.abc import Mapping


class SparewheelError(Exception):
    """Something went wrong, said so that nobody needs the source code."""

    next_step: str = ""

    def __init__(self, sentence: str, *, next_step: str | None = None, cause: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if next_step is not None:
            self.next_step = next_step
        self.cause = cause

    @property
    def rule(self) -> str:
        """A stable name for logs and the ledger, from the class: `LockTimeoutError` -> `lock-timeout`."""
        words = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__).strip("-")
        return words.removesuffix("-error")


class ConfigurationError(SparewheelError):
    """The configuration or the environment is wrong."""

    next_step = "Mend the line named above and start again."


class UserError(SparewheelError):
    """What was typed cannot be done as typed."""

    next_step = "Type `/backup help` for everything that can be typed."


class WordsError(UserError):
    """The words of a command cannot be read. `suggestion` is a whole command to type instead."""

    def __init__(
        self, sentence: str, *, suggestion: str | None = None, next_step: str | None = None, cause: str = ""
    ) -> None:
        super().__init__(sentence, next_step=next_step, cause=cause)
        self.suggestion = suggestion


class FieldsError(UserError):
    """Something in a form is wrong. `fields`: the field's name -> a sentence for whoever filled it in."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        said = " ".join(f"{name}: {sentence}" for name, sentence in fields.items())
        super().__init__(f"This cannot be taken as it is. {said}", next_step="Change it and send it again.")
        self.fields = dict(fields)


class NotAllowedError(UserError):
    """The asker's role does not reach."""

    next_step = "Ask an administrator for the role, or somebody who has it to do this for you."


class NotFoundError(UserError):
    """Nothing of that name or id."""


class DatabaseError(SparewheelError):
    """The database that is to be backed up."""


class UnreachableError(DatabaseError):
    """No connection could be made, or it ended."""

    next_step = "Look whether the server is up and reachable from here, then ask for the backup again."


class LoginRefusedError(DatabaseError):
    """The server refused the role or its password."""

    next_step = "Put the right address and password into the environment variable named in the configuration."


class PoolerError(DatabaseError):
    """The address leads to a pooler that does not keep sessions."""


class ClientTooOldError(DatabaseError):
    """No client program as new as the server, or as the archive, was found."""


class RightsError(DatabaseError):
    """The role may not read what has to be backed up."""


class TableMissingError(DatabaseError):
    """A configured or asked-for table does not exist."""


class LockTimeoutError(DatabaseError):
    """Somebody else held a table for longer than the lock timeout."""

    next_step = "Wait for the migration or long transaction to end, then ask again."


class SnapshotLostError(DatabaseError):
    """The session that held the snapshot ended before the dump did."""

    next_step = "Ask for the backup again; if it happens twice, look at the server's log."


class DumpFailedError(DatabaseError):
    """pg_dump ended with an error, or its output was not whole."""

    next_step = "Read the detail in the thread, mend the cause, and ask for the backup again."


class StorageError(SparewheelError):
    """Where archives live."""


class StorageRefusedError(StorageError):
    """The store refused the credentials or the right to do this."""

    next_step = "Look at the storage credentials in the environment and at the bucket's policy."


class StorageMissingError(StorageError):
    """The bucket or folder itself is not there."""

    next_step = "Create it, or mend `[storage] url` in the configuration."


class ObjectMissingError(StorageError):
    """No such object, or no such version of it."""


class AlreadyExistsError(StorageError):
    """Something lies under that key already; nothing was overwritten."""


class StorageFullError(StorageError):
    """No space or no quota left."""

    next_step = "Free space in the store, then ask for the backup again."


class StorageUnavailableError(StorageError):
    """The store did not answer, or answered with a server's error, until the retries were over."""

    next_step = "Look at the store's status, then ask for the backup again."


class StorageMismatchError(StorageError):
    """What the store says it holds is not what was sent."""

    next_step = "Do not trust this archive. Take a new backup and tell whoever runs the store."


class ChannelError(SparewheelError):
    """Where a notice goes: a mail server, Slack, a webhook, a status page."""


class ChannelRefusedError(ChannelError):
    """The other side said no to this recipient, for good."""

    next_step = "Look at the address or the channel's settings, then retry it."


class ChannelBusyError(ChannelError):
    """Surely not handed over, and another attempt may work.

    `retry_after`: seconds the other side asks for, or None. `whole`: it concerns the channel, not only this
    recipient, so the next one need not be tried now.
    """

    def __init__(
        self, sentence: str, *, retry_after: float | None = None, whole: bool = False, cause: str = ""
    ) -> None:
        super().__init__(sentence, next_step="It is tried again by itself.", cause=cause)
        self.retry_after = retry_after
        self.whole = whole


class ChannelUnknownError(ChannelError):
    """Nobody knows whether it went: the answer was lost. It is never sent again by itself."""

    next_step = "Ask the recipient or look at the other side, then say that it was sent, or send it again."


class RunStoppedError(SparewheelError):
    """A run ended early, and not through a fault of its own."""


class CancelledError(RunStoppedError):
    """A person asked for the run to be stopped."""


class DatabaseBusyError(RunStoppedError):
    """Another backup of the same database runs, so this one still waits for its turn."""


class NotConfiguredHereError(RunStoppedError):
    """This process's configuration does not hold what is asked of it; another's may."""


class DeliveryWaitsError(RunStoppedError):
    """Some recipients of a notice cannot be reached yet. `seconds`: when the job should come back."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class LeaseLostError(RunStoppedError):
    """Another process has taken the run over or failed it; this one must not write any more."""


class ServiceError(SparewheelError):
    """The bot's own parts."""


class LedgerUnavailableError(ServiceError):
    """The bot's own database cannot be reached."""


class SlackError(ServiceError):
    """Slack refused or could not be reached."""


class SandboxError(ServiceError):
    """The sandbox refuses to do this."""
