"""Features by their hashes, so that tables of them are arrays of numbers and not of names.

A name in a dictionary takes a hundred bytes, its hash in an array four, and all features of a question
are looked up at once. Two features may share a hash, one pair in some four thousand million; they are
then one (feature hashing: Weinberger et al., 2009).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]


def hashes_of(features: Collection[str]) -> Hashes:
    """The hash of each feature; the same on every machine."""
    return np.fromiter((crc32(feature.encode()) for feature in features), np.uint32, len(features))


class Parts(NamedTuple):
    """The features of a text, by their hashes, and how much each counts."""

    hashes: Hashes
    weights: NDArray[np.float64]


class Table:
    """Finds the row of a feature.

    Args:
        hashes: of the features that have a row, ascending; the first has row 0.
    """

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    @staticmethod
    def of(features: Iterable[str]) -> tuple[Hashes, NDArray[np.intp]]:
        """The hashes of features for a new table, ascending, and the row that each feature is to have."""
        found: tuple[Hashes, NDArray[np.intp]] = np.unique(hashes_of([*features]), return_inverse=True)
        return found

    def find(self, hashes: Hashes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where each feature would stand, and whether it does."""
        rows: NDArray[np.intp] = self._hashes.searchsorted(hashes)
        rows[rows == len(self._hashes)] = 0
        return rows, self._hashes[rows] == hashes

    def row(self, feature: str) -> int | None:
        """The row of one feature; None where it has none."""
        rows, held = self.find(hashes_of((feature,)))
        return int(rows[0]) if held[0] else None
