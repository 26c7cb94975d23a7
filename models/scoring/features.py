"""Features of a compiled model.

Parse raw cells and compute squared distances to the centers; numpy only.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.cells import category
from models.scoring.inputs import Cells, InputColumn, read_categories, read_numbers

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NumericFeature:
    """A numeric feature: imputed, clipped, logged, scaled, weighted; coordinate `position`.

    The log transform is log(x), or log(1 + x * `log_factor`) if there is a factor.
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
        """Parse raw cells; all cells of an absent column are missing."""
        return read_numbers(np.full(n_rows, np.nan) if cells is None else cells)

    def squared(self, values: Floats, centers: Floats) -> Floats:
        """Compute the contribution to the squared distances to all centers, shape (m, n)."""
        return np.asarray((self.coordinate(values) - centers[:, self.position, None]) ** 2)

    def squared_to(self, values: Floats, centers: Floats, center: Rows) -> Floats:
        """Compute the contribution to the squared distance to one center per row, shape (n,)."""
        return np.asarray((self.coordinate(values) - centers[center, self.position]) ** 2)

    def outside(self, values: Floats) -> dict[int, str]:
        """Describe the rows outside the fences."""
        above = dict.fromkeys(
            np.flatnonzero(values > self.high).tolist(), f"lies above {self.high:.6g}"
        )
        below = dict.fromkeys(
            np.flatnonzero(values < self.low).tolist(), f"lies below {self.low:.6g}"
        )
        return above | below

    def size(self, values: Floats) -> float | None:
        """Return the mean of known values as a multiple of the typical one.

        None where that is zero.
        """
        known = values[~np.isnan(values)]
        return float(known.mean()) / self.impute if known.size and self.impute else None

    def own_value(self, column: InputColumn, row: int) -> float | None:
        """Return the value of a row in its own units; None if it is missing."""
        return None if column.missing[row] else float(column.values[row])

    def plain(self) -> dict[str, Any]:
        """Return the feature as JSON values."""
        return asdict(self)

    def coordinate(self, values: Floats) -> Floats:
        """Compute the coordinate of values, shape (n,)."""
        x = np.clip(np.where(np.isnan(values), self.impute, values), self.low, self.high)
        if self.log:
            x = np.log(x) if self.log_factor is None else np.log1p(x * self.log_factor)
        return np.asarray((x - self.center) / self.scale * self.stretch)


@dataclass(frozen=True, kw_only=True)
class CategoricalFeature:
    """A categorical feature, with precomputed squared distances of each category to each center.

    `distances` has shape (n_categories + 1, m); its last row is that of a missing or unknown
    category.
    """

    name: str
    categories: tuple[str, ...]
    distances: Floats
    kind: Literal["categorical"] = "categorical"

    def read(self, cells: Cells, n_rows: int) -> InputColumn:
        """Parse raw cells; all cells of an absent column are missing."""
        return read_categories([None] * n_rows if cells is None else cells, self.positions)

    def squared(self, values: Rows, centers: Floats) -> Floats:  # noqa: ARG002 - the signature of NumericFeature
        """Compute the contribution to the squared distances to all centers, shape (m, n)."""
        return np.take(self.distances.T, values, axis=1)

    def squared_to(self, values: Rows, centers: Floats, center: Rows) -> Floats:  # noqa: ARG002 - the signature of NumericFeature
        """Compute the contribution to the squared distance to one center per row, shape (n,)."""
        return self.distances[values, center]

    def outside(self, values: Rows) -> dict[int, str]:  # noqa: ARG002 - the signature of NumericFeature
        """Return no rows, since categories have no fences."""
        return {}

    def own_value(self, column: InputColumn, row: int) -> str | None:
        """Return the category of a row; None if it is missing."""
        position = int(column.values[row])
        return column.unknown.get(row) if position < 0 else self.categories[position]

    def plain(self) -> dict[str, Any]:
        """Return the feature as JSON values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "categories": self.categories,
            "distances": self.distances.tolist(),
        }

    @cached_property
    def positions(self) -> dict[str, int]:
        """Number the categories by their texts as they are read now.

        Older models may have learned ``True``.
        """
        return {category(text) or text: position for position, text in enumerate(self.categories)}


Coordinate = NumericFeature | CategoricalFeature


def feature_from(plain: dict[str, Any]) -> Coordinate:
    """Build a feature from the output of `plain`."""
    if plain["kind"] == "numeric":
        return NumericFeature(**plain)
    distances = np.array(plain["distances"], dtype=np.float64)
    return CategoricalFeature(
        name=plain["name"], categories=tuple(plain["categories"]), distances=distances
    )
