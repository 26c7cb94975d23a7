"""Declared markers of missing values, such as ``999``."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from models.columns.cell_arrays import categories
from models.columns.distinct import DistinctCells


@dataclass(frozen=True)
class MissingMarkers:
    """Texts that stand for a missing value, and the numbers that they spell.

    ``"999"`` is also 999 and 999.0.
    """

    texts: pa.Array
    numbers: pa.Array

    @classmethod
    def of(cls, declared: Sequence[str]) -> Self:
        """Parse declared markers by the rules for cells."""
        return cls(
            pa.array(_readable(cells.category, declared), pa.string()),
            pa.array(_readable(cells.number, declared), pa.float64()),
        )

    def clear(self, found: DistinctCells) -> DistinctCells:
        """Replace markers among raw cells by null."""
        if not len(self.texts):
            return found
        marked = pc.is_in(categories(found.values).values, self.texts)
        return found._replace(values=pc.if_else(marked, None, found.values))

    def clear_numbers(self, read: pa.Array) -> pa.Array:
        """Replace markers among numbers by null."""
        return pc.if_else(pc.is_in(read, self.numbers), None, read) if len(self.numbers) else read


def _readable(rule: Callable[[object], object], declared: Sequence[str]) -> list[object]:
    read = []
    for marker in declared:
        with suppress(cells.BadCell):
            read.append(rule(marker))
    return [marker for marker in read if marker is not None]
