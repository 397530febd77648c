"""The corpus's healthy backup, taken by the product itself and brought back once for all cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.sandbox.embedded.servers import LEDGER
from tests.corpus.workbench import Bench, backup_in, restore, scratch
from tests.support.house import Plan, back_up, folder_storage, open_house
from tests.support.servers import Server, empty_database

_SQL = Path(__file__).with_name("healthy.sql")
_TOML = 'fingerprints = "all"\ncritical = ["customers", "orders"]'


@pytest.fixture(scope="session")
def bench(
    ledger_server: Server,
    migrated_ledger: str,
    postgres17: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    """A healthy backup of the corpus's database, restored."""
    folder = tmp_path_factory.mktemp("corpus")
    with (
        empty_database(postgres17) as source,
        empty_database(ledger_server, LEDGER, like=migrated_ledger) as own,
    ):
        with psycopg.connect(source.url) as customer:
            customer.execute(_SQL.read_bytes())
        plan = Plan({"small": source.url}, {"small": _TOML}, folder_storage(folder / "store"))
        with open_house(plan, own.url, folder) as house:
            back_up(house, "small")
        backup = backup_in(folder / "store")
    with scratch(postgres17) as name:
        log = restore(postgres17, name, backup.archive)
        yield Bench(postgres17, backup, name, log)
