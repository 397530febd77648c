"""Servers that notices are handed to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.receiver import Receiver, receiver


@pytest.fixture
def web() -> Iterator[Receiver]:
    with receiver() as box:
        yield box
