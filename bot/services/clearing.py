"""Removes what a run that came to nothing left in storage, by keys that carry the run's own id."""

from __future__ import annotations

from bot.errors import ObjectMissingError
from bot.storage.interface import Store


def remove_if_there(store: Store, key: str) -> None:
    """Look, then remove exactly the version that was seen. A write whose answer was lost may have succeeded.

    Raises:
        StorageError: the store did not answer, or does not allow it.
    """
    try:
        there = store.head(key)
    except ObjectMissingError:
        return
    store.delete(key, there.version_id)
