"""One feature of a compiled model: it reads raw cells and measures them against every center; numpy only."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.scoring.inputs import Cells, InputColumn, read_categories, read_numbers

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NumericFeature:
    """A number that is imputed, clipped, logged, scaled and stretched into the coordinate `position` of a point.

    The log is that of x, or of 1 + x * `log_factor` where there is a factor.
    """

    name: str
    position: int
    impute: float
    low: float
    high: float
    log: bool
    log_factor: float | None
    center: float
    scale: float
    stretch: float
    kind: Literal["numeric"] = "numeric"

    def read(self, cells: Cells, n_rows: int) -> InputColumn:
        """Read raw cells; an absent column is missing everywhere."""
        return read_numbers(np.full(n_rows, np.nan) if cells is None else cells)

    def squared(self, values: Floats, centers: Floats) -> Floats:
        """Give this feature's part of the squared distances to all centers, shape (m, n)."""
        return np.asarray((self.coordinate(values) - centers[:, self.position, None]) ** 2)

    def squared_to(self, values: Floats, centers: Floats, center: Rows) -> Floats:
        """Give this feature's part of the squared distance to one center each, shape (n,)."""
        return np.asarray((self.coordinate(values) - centers[center, self.position]) ** 2)

    def outside(self, values: Floats) -> dict[int, str]:
        """Say which rows lie beyond the fences, and how."""
        above = dict.fromkeys(np.flatnonzero(values > self.high).tolist(), f"lies above {self.high:.6g}")
        below = dict.fromkeys(np.flatnonzero(values < self.low).tolist(), f"lies below {self.low:.6g}")
        return above | below

    def own_value(self, column: InputColumn, row: int) -> float | None:
        """Give a row's value in own units; None where it is missing."""
        return None if column.missing[row] else float(column.values[row])

    def plain(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return asdict(self)

    def coordinate(self, values: Floats) -> Floats:
        """Prepare values, shape (n,)."""
        x = np.clip(np.where(np.isnan(values), self.impute, values), self.low, self.high)
        if self.log:
            x = np.log(x) if self.log_factor is None else np.log1p(x * self.log_factor)
        return np.asarray((x - self.center) / self.scale * self.stretch)


@dataclass(frozen=True, kw_only=True)
class CategoricalFeature:
    """A category, whose squared distance to each center is known beforehand.

    `distances` has shape (n_categories + 1, m); its last row is that of a missing or unknown category.
    """

    name: str
    categories: tuple[str, ...]
    distances: Floats
    kind: Literal["categorical"] = "categorical"

    def read(self, cells: Cells, n_rows: int) -> InputColumn:
        """Read raw cells; an absent column is missing everywhere."""
        return read_categories([None] * n_rows if cells is None else cells, self._positions)

    def squared(self, values: Rows, centers: Floats) -> Floats:  # noqa: ARG002 - as its numeric sibling
        """Give this feature's part of the squared distances to all centers, shape (m, n)."""
        return np.take(self.distances.T, values, axis=1)

    def squared_to(self, values: Rows, centers: Floats, center: Rows) -> Floats:  # noqa: ARG002 - as its sibling
        """Give this feature's part of the squared distance to one center each, shape (n,)."""
        return self.distances[values, center]

    def outside(self, values: Rows) -> dict[int, str]:  # noqa: ARG002 - as its numeric sibling
        """Say that no category lies beyond a fence."""
        return {}

    def own_value(self, column: InputColumn, row: int) -> str | None:
        """Give a row's category; None where it is missing."""
        position = int(column.values[row])
        return column.unknown.get(row) if position < 0 else self.categories[position]

    def plain(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "kind": self.kind,
            "name": self.name,
            "categories": self.categories,
            "distances": self.distances.tolist(),
        }

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {text: position for position, text in enumerate(self.categories)}


Coordinate = NumericFeature | CategoricalFeature


def feature_from(plain: dict[str, Any]) -> Coordinate:
    """Read what `plain` gave."""
    if plain["kind"] == "numeric":
        return NumericFeature(**plain)
    distances = np.array(plain["distances"], dtype=np.float64)
    return CategoricalFeature(name=plain["name"], categories=tuple(plain["categories"]), distances=distances)
