"""A socket to listen on, or a sentence that says why there is none."""

from __future__ import annotations

import socket

from bot.errors import ConfigurationError


def listen(bind: str, port: int, *, variable: str = "PORT") -> socket.socket:
    """Listen on an address of this machine; port 0 takes a free one.

    Raises:
        ConfigurationError: it is taken, or not allowed.
    """
    try:
        return socket.create_server((bind, port), family=socket.AF_INET6 if ":" in bind else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} on {bind} cannot be listened on: {error.strerror}.",
            next_step=f"Set {variable} (and SPAREWHEEL_BIND) to a free one.",
        ) from None
