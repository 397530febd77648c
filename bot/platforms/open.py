"""The platform that a configuration names."""

from __future__ import annotations

from bot.platforms.interface import Platform
from bot.platforms.plain import Plain
from bot.platforms.supabase import Supabase

_PLATFORMS: dict[str, type[Platform]] = {"plain": Plain, "supabase": Supabase}


def open_platform(name: str) -> Platform:
    """The platform of this name; the configuration has checked that there is one.

    Raises:
        KeyError: there is none.
    """
    return _PLATFORMS[name]()
