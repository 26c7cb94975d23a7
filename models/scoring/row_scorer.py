"""Scorer for single rows, in plain Python to avoid the overhead of numpy on arrays of one row.

Returns bit for bit the results of `Scorer.assign`, by the same sums in the same order; tests
compare both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.cells import category, number
from models.scoring.features import CategoricalFeature, Coordinate, NumericFeature
from models.scoring.inputs import NEUTRAL
from models.scoring.nearest import margin
from models.scoring.result import OutlierReason

ROUNDING: Final = 1e-9  # relative; a customer exactly on the fence is no outlier
FAR_AWAY: Final = "is unusually far from the center of its segment"

Squares = Sequence[float]


class RowAssignment(NamedTuple):
    """The assignment of one customer: a row of `AssignmentResult`, with None for absent values."""

    segment: int
    runner_up: int | None
    distance: float
    margin: float | None
    outlier_reasons: list[OutlierReason] | None
    imputed: list[str] | None
    unknown: dict[str, str] | None


@dataclass(slots=True)
class _Notes:
    """Notes on one customer, collected while its features are parsed."""

    n_known: int = 0
    imputed: list[str] | None = None
    unknown: dict[str, str] | None = None
    outlier_reasons: list[OutlierReason] | None = None

    def impute(self, feature: str) -> None:
        self.imputed = [*(self.imputed or ()), feature]

    def add_unknown(self, feature: str, text: str) -> None:
        self.unknown = {**(self.unknown or {}), feature: text}

    def add_outlier_reason(self, feature: str | None, detail: str) -> None:
        self.outlier_reasons = [
            *(self.outlier_reasons or ()),
            OutlierReason(feature=feature, detail=detail),
        ]


class _Number:
    """A numeric feature and its coordinates of all centers."""

    def __init__(self, feature: NumericFeature, centers: NDArray[np.float64]) -> None:
        self.name = feature.name
        self._low, self._high = feature.low, feature.high
        self._log, self._log_factor = feature.log, feature.log_factor
        self._center, self._scale, self._stretch = feature.center, feature.scale, feature.stretch
        self._centers: list[float] = centers[:, feature.position].tolist()
        self._missing: list[float] = feature.squared(np.array([np.nan]), centers)[:, 0].tolist()

    def squared(self, cell: object, notes: _Notes) -> Squares:
        """Compute the contribution to the squared distances to all centers."""
        value = cell if type(cell) is float and math.isfinite(cell) else number(cell)
        if value is None:
            notes.impute(self.name)
            return self._missing
        notes.n_known += 1
        if value > self._high:
            notes.add_outlier_reason(self.name, f"lies above {self._high:.6g}")
            value = self._high
        if value < self._low:
            notes.add_outlier_reason(self.name, f"lies below {self._low:.6g}")
            value = self._low
        if self._log:  # numpy, since the last bit of math.log may differ
            value = float(
                np.log(value) if self._log_factor is None else np.log1p(value * self._log_factor)
            )
        at = (value - self._center) / self._scale * self._stretch
        return [(away := at - center) * away for center in self._centers]


class _Category:
    """A categorical feature and its table of squared distances."""

    def __init__(self, feature: CategoricalFeature) -> None:
        self.name = feature.name
        self._squared: list[list[float]] = feature.distances.tolist()
        self._positions = feature.positions

    def squared(self, cell: object, notes: _Notes) -> Squares:
        """Compute the contribution to the squared distances to all centers."""
        text = category(cell)
        position = NEUTRAL if text is None else self._positions.get(text, NEUTRAL)
        if position != NEUTRAL:
            notes.n_known += 1
        elif text is None:
            notes.impute(self.name)
        else:
            notes.add_unknown(self.name, text)
        return self._squared[position]


class RowScorer:
    """Assigns one customer at a time."""

    def __init__(
        self,
        features: Sequence[Coordinate],
        centers: NDArray[np.float64],
        segment_of_center: NDArray[np.int64],
        fences: NDArray[np.float64],
    ) -> None:
        self._features = [
            _Number(feature, centers) if isinstance(feature, NumericFeature) else _Category(feature)
            for feature in features
        ]
        self._centers = centers
        self._segments: list[int] = segment_of_center.tolist()
        self._fences: list[float] = (fences + ROUNDING).tolist()
        with np.errstate(over="ignore"):
            self._max_usual: list[float] = (
                np.exp(fences) * (1 - ROUNDING)
            ).tolist()  # below, no logarithm is needed
        self._elsewhere = [
            np.flatnonzero(segment_of_center != k).tolist() for k in range(len(fences))
        ]
        self._gaps: dict[tuple[int, int], float] = {}

    def assign(self, cells: Sequence[object]) -> RowAssignment | None:
        """Assign one customer.

        Parameters
        ----------
        cells
            A raw cell for each feature, in their order.

        Returns
        -------
        RowAssignment or None
            None if no feature is known or a distance overflows; `Scorer.assign` handles these rows.

        Raises
        ------
        BadCell
            If a cell is invalid.
        """
        notes = _Notes()
        parts = [
            feature.squared(cell, notes)
            for feature, cell in zip(self._features, cells, strict=True)
        ]
        squared = reduce(_add, parts)
        nearest = min(squared)
        if not notes.n_known or not math.isfinite(nearest):
            return None
        center = squared.index(nearest)
        return self._build_assignment(center, squared, math.sqrt(nearest), notes)

    def _build_assignment(
        self, center: int, squared: Squares, distance: float, notes: _Notes
    ) -> RowAssignment | None:
        segment = self._segments[center]
        if distance > self._max_usual[segment] and np.log(distance) > self._fences[segment]:
            notes.add_outlier_reason(None, FAR_AWAY)
        elsewhere = self._elsewhere[segment]
        rival = min(elsewhere, key=squared.__getitem__) if elsewhere else None
        runner_up, relative = None, None
        if rival is not None:
            if not math.isfinite(squared[rival]):
                return None
            runner_up = self._segments[rival]
            relative = margin(squared[center], squared[rival], self._gap(center, rival))
        return RowAssignment(
            segment,
            runner_up,
            distance,
            relative,
            notes.outlier_reasons,
            notes.imputed,
            notes.unknown,
        )

    def _gap(self, center: int, rival: int) -> float:
        gap = self._gaps.get((center, rival))
        if gap is None:
            between = self._centers[[rival]] - self._centers[[center]]
            gap = self._gaps[center, rival] = float(np.sum(between**2, axis=1)[0])
        return gap


def _add(one: Squares, other: Squares) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]
