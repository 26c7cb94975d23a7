"""The compiled model: places customers with numpy and the standard library alone."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import ArtifactFromAnotherRelease
from models.scoring.features import Coordinate, feature_from
from models.scoring.inputs import InputColumn
from models.scoring.nearest import Nearest, find_nearest
from models.scoring.result import AssignmentResult, CellError, OutlierReason, Reason
from models.scoring.row_scorer import FAR_AWAY, ROUNDING, RowAssignment, RowScorer

__all__ = ["AssignmentResult", "CellError", "OutlierReason", "Reason", "RowAssignment", "RowScorer", "Scorer"]

FORMAT: Final = 1
_NOTHING_KNOWN: Final = "none of the model's features is known for this customer"

Found = TypeVar("Found")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Read = Sequence[tuple[Coordinate, InputColumn]]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A model as numbers and tables.

    Attributes
    ----------
    features
        How each feature is read and measured.
    centers
        Shape (m, d), in prepared units.
    segment_of_center
        Shape (m,), from 0 to k - 1.
    fences
        Shape (k,), the log distance beyond which a customer of the segment is an outlier; infinite where none is.
    """

    features: tuple[Coordinate, ...]
    centers: Floats
    segment_of_center: NDArray[np.int64]
    fences: Floats

    @property
    def n_segments(self) -> int:
        """The number of segments, k."""
        return len(self.fences)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def single(self) -> RowScorer:
        """The same for one customer at a time."""
        return RowScorer(self.features, self.centers, self.segment_of_center, self.fences)

    def assign(
        self, columns: Mapping[str, Sequence[object] | NDArray[Any]], n_rows: int, *, explain: bool = False
    ) -> AssignmentResult:
        """Place each customer in the segment of the nearest center.

        Parameters
        ----------
        columns
            Raw cells by name of column, each of length n_rows: Python values, or an array of float64 (NaN is missing)
            or objects. An absent column is missing everywhere, one that is no feature is ignored.
        n_rows
            The number of customers.
        explain
            Whether to say how much each feature speaks for the segment.

        Returns
        -------
        Assigned
            A row with a cell that breaks the rule for cells, or without any known feature, is rejected by itself.
        """
        read = [(feature, feature.read(columns.get(feature.name), n_rows)) for feature in self.features]
        near = self._nearest(read, n_rows)
        errors = _errors(read)
        placed = ~_mask(errors, n_rows)
        outlier_reasons = _only(placed, self._outlier_reasons(read, near))
        return AssignmentResult(
            index=np.where(placed, self.segment_of_center[near.center], -1),
            runner_up=np.where(placed & near.has_runner_up, self.segment_of_center[near.rival], -1),
            distance=np.where(placed, near.distance, np.nan),
            margin=np.where(placed & near.has_runner_up, near.margin, np.nan),
            outlier=_mask(outlier_reasons, n_rows),
            outlier_reasons=outlier_reasons,
            imputed=_only(placed, _imputed(read)),
            unknown=_only(placed, _unknown(read)),
            errors=errors,
            reasons=_only(placed, self._reasons(read, near)) if explain else {},
        )

    def to_bytes(self) -> bytes:
        """Write the scorer as JSON; floats come back exactly as they were."""
        plain = {
            "format": FORMAT,
            "features": [feature.plain() for feature in self.features],
            "centers": self.centers.tolist(),
            "segment_of_center": self.segment_of_center.tolist(),
            "fences": [fence if np.isfinite(fence) else None for fence in self.fences.tolist()],
        }
        return json.dumps(plain, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ArtifactFromAnotherRelease
            Where another release wrote another format.
        """
        plain = json.loads(data)
        if plain.get("format") != FORMAT:
            raise ArtifactFromAnotherRelease(
                "The scorer has another format than this release reads; fit the model again"
            )
        return cls(
            features=tuple(feature_from(feature) for feature in plain["features"]),
            centers=np.array(plain["centers"], dtype=np.float64),
            segment_of_center=np.array(plain["segment_of_center"], dtype=np.int64),
            fences=np.array([np.inf if fence is None else fence for fence in plain["fences"]], dtype=np.float64),
        )

    def _nearest(self, read: Read, n_rows: int) -> Nearest:
        def squared_of(rows: slice) -> Floats:
            parts = (feature.squared(column.values[rows], self.centers) for feature, column in read)
            return reduce(np.add, parts)

        return find_nearest(squared_of, n_rows, centers=self.centers, segment_of_center=self.segment_of_center)

    def _outlier_reasons(self, read: Read, near: Nearest) -> dict[int, list[OutlierReason]]:
        reasons: defaultdict[int, list[OutlierReason]] = defaultdict(list)
        for feature, column in read:
            for row, detail in feature.outside(column.values).items():
                reasons[row].append(OutlierReason(feature=feature.name, detail=detail))
        for row in self._far_away(near).tolist():
            reasons[row].append(OutlierReason(feature=None, detail=FAR_AWAY))
        return reasons

    def _far_away(self, near: Nearest) -> NDArray[np.int64]:
        with np.errstate(divide="ignore"):
            log_distance = np.log(near.distance)
        return np.flatnonzero(log_distance > self.fences[self.segment_of_center[near.center]] + ROUNDING)

    def _reasons(self, read: Read, near: Nearest) -> dict[int, list[Reason]]:
        reasons: defaultdict[int, list[Reason]] = defaultdict(list)
        for feature, column in read:
            to_rival = feature.squared_to(column.values, self.centers, near.rival)
            to_own = feature.squared_to(column.values, self.centers, near.center)
            contributions = near.per_gap(to_rival - to_own)
            for row in np.flatnonzero(near.has_runner_up).tolist():
                value = feature.own_value(column, row)
                reasons[row].append(Reason(feature=feature.name, value=value, contribution=float(contributions[row])))
        return {row: sorted(found, key=_strength, reverse=True) for row, found in reasons.items()}


def _errors(read: Read) -> dict[int, list[CellError]]:
    errors: defaultdict[int, list[CellError]] = defaultdict(list)
    for feature, column in read:
        for row, detail in column.bad.items():
            errors[row].append(CellError(row=row, feature=feature.name, detail=detail))
    known = reduce(np.logical_or, (column.known() for _, column in read))
    for row in np.flatnonzero(~known).tolist():
        if row not in errors:
            errors[row] = [CellError(row=row, feature=None, detail=_NOTHING_KNOWN)]
    return dict(errors)


def _imputed(read: Read) -> dict[int, list[str]]:
    imputed: defaultdict[int, list[str]] = defaultdict(list)
    for feature, column in read:
        for row in np.flatnonzero(column.missing).tolist():
            imputed[row].append(feature.name)
    return imputed


def _unknown(read: Read) -> dict[int, dict[str, str]]:
    unknown: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for feature, column in read:
        for row, text in column.unknown.items():
            unknown[row][feature.name] = text
    return unknown


def _strength(reason: Reason) -> float:
    return abs(reason.contribution)


def _only(placed: Mask, by_row: Mapping[int, Found]) -> dict[int, Found]:
    return {row: found for row, found in sorted(by_row.items()) if placed[row]}


def _mask(rows: Collection[int], n_rows: int) -> Mask:
    mask = np.zeros(n_rows, dtype=np.bool_)
    mask[list(rows)] = True
    return mask
