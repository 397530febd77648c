"""A launcher between the bot and a client program: has it ended when the bot dies, then becomes it.

Run as a file of its own, with the starter's process id and the program's argument list. Setting the signal
after a fork inside a process with threads would not be safe; measured, this costs about 25 ms.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> None:
    """Become the program. The signal survives exec; it comes when the starting thread ends."""
    starter, program, *rest = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != int(starter):
            sys.exit(143)
    os.execv(program, [program, *rest])  # noqa: S606 - an argument list, no shell, is the point


if __name__ == "__main__":
    main(sys.argv[1:])
