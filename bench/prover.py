"""One restore test in a process of its own, as a worker runs it; prints its times and peak memory as JSON."""

from __future__ import annotations

import json
import resource
import sys

from bench.worker import ACTOR
from bot.app import build
from bot.core.verdict import Verdict
from bot.settings import read_environment


def main(database: str) -> None:
    """Test the newest full backup of the database."""
    house = build(read_environment())
    asked = house.restore_tests.request(ACTOR, database=database, enqueue=False)
    test = house.restore_tester.run(asked.test.id, lambda _: None).test
    house.close()
    if test.verdict is not Verdict.PASS:
        sys.exit(f"the restore test says {test.verdict}: {test.findings}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    times = {
        "download": test.times.download,
        "restore": test.times.restore,
        "verify": test.times.verify,
    }
    print(json.dumps({**times, "peak_bytes": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
