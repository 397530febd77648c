"""A process that runs one restore test and stops dead at a step, so that a test can kill it there.

`restore_program TEST_ID STEP`, by tests.support.forked; a step that there is none of never comes.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from bot.app import build
from bot.core.restore_test import Step
from bot.services.proving import Trial
from bot.settings import read_environment


def main() -> None:
    test_id, at = sys.argv[1:]
    enter = Trial.enter

    def stop(self: Trial, step: Step, expected: int = 0) -> Any:
        enter(self, step, expected)
        if step.name == at:
            sys.stdout.write("reached\n")
            sys.stdout.flush()
            threading.Event().wait()

    Trial.enter = stop  # type: ignore[method-assign]  # the place to stop at
    house = build(read_environment())
    house.restore_tester.run(test_id, lambda _: None)
