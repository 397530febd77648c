"""One backup in a process of its own, as a worker runs it; prints seconds and peak memory as JSON.

Started by the bench with the configuration in the environment. The clock starts when the worker already
runs, as a worker does, and stops when the ledger says stored.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from bot.app import build
from bot.core.backup import Kind, State
from bot.core.people import Actor, Role, Source
from bot.settings import read_environment

ACTOR = Actor("local", "bench", Source.COMMAND_LINE, frozenset({Role.OPERATOR}))


def main(database: str) -> None:
    """Ask for one full backup of the database and run it."""
    house = build(read_environment())
    message = house.backups.request(ACTOR, kind=Kind.FULL, database=database, enqueue=False)
    runner = house.runner
    began = time.perf_counter()
    record = runner.run(message.record.id, lambda _: None)
    seconds = time.perf_counter() - began
    house.close()
    if record.state is not State.STORED:
        sys.exit(f"the backup is {record.state}: {record.error_sentence} {record.error_detail}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak, "size_bytes": record.size_bytes}))


if __name__ == "__main__":
    main(sys.argv[1])
