"""The corpus's restored database, for checks that are tried one by one."""

from __future__ import annotations

from tests.corpus.conftest import bench

__all__ = ["bench"]
