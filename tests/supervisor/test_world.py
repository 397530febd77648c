from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import dict_row

from bot.core.backup import Kind
from bot.core.people import Actor, Source
from bot.errors import SandboxError
from bot.ledger import backups
from bot.ledger.connection import ledger_conninfo
from bot.supervisor import world


def test_a_fresh_ledger_is_taken_by_the_sandbox_and_stays_its_own(ledger_url: str) -> None:
    world.register(ledger_url, sandbox=True)
    world.register(ledger_url, sandbox=True)
    with pytest.raises(SandboxError, match="belongs to the sandbox"):
        world.register(ledger_url, sandbox=False)


def test_the_sandbox_never_takes_a_real_ledger(ledger_url: str) -> None:
    world.register(ledger_url, sandbox=False)
    with pytest.raises(SandboxError, match="belongs to a real workspace"):
        world.register(ledger_url, sandbox=True)


def test_the_sandbox_never_takes_a_ledger_that_was_used_and_says_nothing(ledger_url: str) -> None:
    with psycopg.connect(ledger_conninfo(ledger_url), row_factory=dict_row) as connection:
        actor = Actor("T1", "U1", Source.SLACK)
        backups.insert(connection, actor=actor, database="fleet", kind=Kind.FULL)
    with pytest.raises(SandboxError, match="holds backups already"):
        world.register(ledger_url, sandbox=True)
    world.register(ledger_url, sandbox=False)
