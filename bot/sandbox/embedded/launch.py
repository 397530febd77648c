"""Becomes another program, as another account where asked, that is told to end when its parent ends.

Run as a script in a fresh interpreter, because Popen's preexec_fn is unsafe in a process with threads.
Standard library only, and it imports nothing of the product: it starts in some 20 ms.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(parent: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    """Replace this process by `command`; it gets `death_signal` when the process `parent` ends.

    Raises:
        OSError: the account or the program cannot be had.
    """
    if uid != os.getuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of account, which clears it (prctl(2)).
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError("prctl refused the parent-death signal")
    if os.getppid() != parent:  # it ended before the signal was armed
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606  no shell is wanted: the arguments are a list


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
