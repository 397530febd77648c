"""Under which account embedded servers run, and what that account can reach."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534  # nobody/nogroup on Debian and most others; initdb and postgres refuse root


@dataclass(frozen=True)
class Account:
    """A user and group id that children run as."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it is another account than this process's."""
        return self.uid != os.getuid()

    def own(self, path: Path, mode: int) -> None:
        """Give a file or folder to the account, with the mode."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def reaches(self, path: Path) -> bool:
        """Whether the account may enter every folder from the root down to `path`."""
        if not self.is_other:
            return True
        return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def server_account() -> Account:
    """This process's own account, or nobody where that is root."""
    if os.getuid() == 0:
        return Account(NOBODY, NOBODY)
    return Account(os.getuid(), os.getgid())


def reachable_programs(bin_dir: Path, copies: Path, account: Account) -> Path:
    """`bin_dir`, or a copy of its installation under `copies` where the account cannot enter it.

    Returns:
        A folder with the same programs that the account can run.
    """
    if account.reaches(bin_dir):
        return bin_dir
    installed = copies / bin_dir.parent.name
    if not installed.is_dir():
        partial = copies / f"{installed.name}.partial-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(bin_dir.parent, partial, symlinks=True)
        partial.rename(installed)
    return installed / bin_dir.name
