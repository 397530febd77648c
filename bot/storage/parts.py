"""How a stream of unknown length is cut into the parts of a multipart upload."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import StorageFullError

MIB = 1024**2
SMALLEST_PART = 5 * MIB
LARGEST_PART = 5 * 1024**3
LARGEST_OBJECT = 5 * 1024**4
MOST_PARTS = 10_000

# Parts stay equal while the estimate holds (some stores demand equal parts), and double afterwards: an
# estimate that was ten times too short still fits.
_EQUAL_PARTS = 8_000
_DOUBLE_EVERY = 200


@dataclass(frozen=True)
class PartPlan:
    """The size of every part in bytes; part numbers count from 1, as S3's do."""

    first_bytes: int

    def size_of(self, number: int) -> int:
        """The size of a part in bytes (the last one of a stream may be shorter).

        Raises:
            StorageFullError: the number is past the last part that S3 takes.
        """
        if number > MOST_PARTS:
            raise too_large()
        doublings = max(0, -(-(number - _EQUAL_PARTS) // _DOUBLE_EVERY))
        return min(self.first_bytes << doublings, LARGEST_PART)


def plan_parts(expected_bytes: int | None, least_bytes: int) -> PartPlan:
    """Size the parts for an estimate of the whole, in bytes (None: nothing is known).

    Limits: 10,000 parts of 5 MiB to 5 GiB, 5 TiB in all (Amazon S3 multipart upload limits).

    Raises:
        StorageFullError: the estimate is beyond what one object can hold.
    """
    expected = expected_bytes or 0
    if expected > LARGEST_OBJECT:
        raise too_large()
    needed = -(-expected // _EQUAL_PARTS)
    whole_mib = -(-max(needed, least_bytes, SMALLEST_PART) // MIB)
    return PartPlan(whole_mib * MIB)


def too_large() -> StorageFullError:
    """The error for what S3 cannot hold in one object."""
    return StorageFullError(
        "The archive is larger than the 5 TiB in 10,000 parts that the store takes as one object.",
        next_step="Back up the large tables on their own with `/backup now table NAME`.",
    )
