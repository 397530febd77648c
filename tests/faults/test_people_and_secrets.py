"""Who may not is refused and written down, and no password comes out anywhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.app import House
from bot.core.backup import Kind
from bot.errors import NotAllowedError
from bot.ledger import audit
from tests.support.faults import running
from tests.support.house import CARL, OMAR, VERA
from tests.support.servers import Database

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("actor", [VERA, CARL])
def test_who_may_not_is_refused_and_written_down(house: House, actor: Any) -> None:
    with pytest.raises(NotAllowedError):
        house.backups.request(actor, kind=Kind.FULL, database="shop")
    with house.pool.connection() as connection:
        events = audit.recent(connection)
        assert events[0].action == "access.refused"
        assert audit.verify(connection).whole
    assert not house.backups.recent(OMAR).records


def test_no_password_anywhere(
    some_rows: Database, make_house: Callable[..., House], ledger_url: str, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    secret = psycopg.conninfo.conninfo_to_dict(some_rows.url)["password"]
    assert isinstance(secret, str)
    caplog.set_level("DEBUG")
    house = make_house(some_rows.url)
    seen: list[str] = []
    with running(house) as (_, _, ended):
        processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True)
        seen.append(processes.stdout)
        assert "pg_dump" in processes.stdout
    seen += [repr(ended[0]), repr(house), caplog.text]
    seen += [path.read_text() for path in (tmp_path / "store").rglob("*.json")]
    with psycopg.connect(ledger_url) as connection:
        for table in ("backup_log", "audit_event", "outbox", "procrastinate_jobs"):
            seen += [str(row) for row in connection.execute(f"select * from sparewheel.{table}".encode())]
    assert not [text for text in seen if secret in text]
