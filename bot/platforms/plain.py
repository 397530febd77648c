"""PostgreSQL as it comes: nothing belongs to a platform."""

from __future__ import annotations

from bot.errors import SparewheelError
from bot.platforms.interface import NOT_KNOWN, OwnBackups, Place


class Plain:
    """No platform: every object is the customer's, every address is taken as it is."""

    name = "plain"

    def is_platform_schema(self, schema: str) -> bool:  # noqa: ARG002 - the seam's signature
        """No schema is."""
        return False

    def wants_tiers(self, schema: str) -> bool:  # noqa: ARG002 - the seam's signature
        """Every table is the customer's."""
        return True

    def owner_is_platform(self, owner: str) -> bool:  # noqa: ARG002 - the seam's signature
        """No role is."""
        return False

    def brings_rows(self, schema: str, table: str) -> bool:  # noqa: ARG002 - the seam's signature
        """All rows are the customer's."""
        return True

    def check_address(self, place: Place) -> None:
        """Any address will do; poolers are recognised by what they do."""

    def next_step(self, error: SparewheelError, place: Place) -> str | None:  # noqa: ARG002 - the seam's
        """Nothing is known beyond the error's own."""
        return None

    def own_backups(self, place: Place) -> OwnBackups:  # noqa: ARG002 - the seam's signature
        """Nobody takes any that could be asked for."""
        return NOT_KNOWN
