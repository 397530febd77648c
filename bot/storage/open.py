"""Which store the configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.settings import StorageSettings
from bot.storage.filesystem import FolderStore
from bot.storage.interface import Store


def open_store(settings: StorageSettings, environ: Mapping[str, str]) -> Store:
    """The store behind `[storage] url`. Nothing is contacted yet: verify_access() does that.

    What speaks to S3 is loaded when it is needed: a folder need not wait for it.

    Args:
        settings: the `[storage]` part of the configuration.
        environ: where the variables named by access_key_env and secret_key_env are looked up.

    Raises:
        ConfigurationError: a named credential is not set, or address or region are malformed.
    """
    address = urlsplit(settings.url)
    if address.scheme == "file":
        return FolderStore(Path(unquote(address.path)))
    from bot.storage.s3 import S3Store  # noqa: PLC0415 - see above
    from bot.storage.s3_client import make_client, make_quick_client  # noqa: PLC0415 - see above

    return S3Store(
        settings,
        bucket=address.netloc,
        client=make_client(settings, environ),
        quick_client=make_quick_client(settings, environ),
    )


def open_reader(settings: StorageSettings, environ: Mapping[str, str]) -> Store:
    """The same store with the credentials of `[storage.reader]`, where there are any.

    Raises:
        ConfigurationError: see open_store().
    """
    if settings.reader is None:
        return open_store(settings, environ)
    keys = {
        "access_key_env": settings.reader.access_key_env,
        "secret_key_env": settings.reader.secret_key_env,
    }
    return open_store(settings.model_copy(update=keys), environ)
