"""A worker process for tests that kill it: claims the backup it is given, says so, and never ends.

`worker_program LEDGER`, by tests.support.forked.
"""

from __future__ import annotations

import sys
import threading

from bot.jobs import Handlers, Worker, WorkerSettings
from bot.ledger import backups
from bot.ledger.connection import borrowed, open_pool


def main() -> None:
    with open_pool(sys.argv[1]) as pool:

        def run_backup(backup_id: str) -> None:
            with borrowed(pool) as conn:
                claimed = backups.claim(conn, backup_id, "doomed", 3600)
            sys.stdout.write(f"claimed {claimed}\n")
            sys.stdout.flush()
            threading.Event().wait()

        handlers = Handlers(run_backup, lambda _: None, lambda _: None, lambda _: None, lambda: 0)
        Worker(sys.argv[1], pool, handlers, WorkerSettings(heartbeat_every=0.5)).run()
