"""The compiled model, which assigns customers with numpy and the standard library only."""

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
from models.scoring.result import AssignmentResult, OutlierReason, Reason, RowError
from models.scoring.row_scorer import FAR_AWAY, ROUNDING, RowAssignment, RowScorer

__all__ = [
    "AssignmentResult",
    "OutlierReason",
    "Reason",
    "RowAssignment",
    "RowError",
    "RowScorer",
    "Scorer",
]

FORMAT: Final = 1
_NOTHING_KNOWN: Final = "none of the model's features is known for this customer"

Value = TypeVar("Value")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Inputs = Sequence[tuple[Coordinate, InputColumn]]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A compiled model.

    Attributes
    ----------
    features
        Parser and distance function of each feature.
    centers
        Shape (m, d), in prepared units.
    segment_of_center
        Shape (m,), from 0 to k - 1.
    fences
        Shape (k,), the log distance above which a customer of the segment is an outlier; inf
        disables the check.
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
        """The names of the input columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def single(self) -> RowScorer:
        """The scorer for single rows."""
        return RowScorer(self.features, self.centers, self.segment_of_center, self.fences)

    def assign(
        self,
        columns: Mapping[str, Sequence[object] | NDArray[Any]],
        n_rows: int,
        *,
        explain: bool = False,
    ) -> AssignmentResult:
        """Assign each customer to the segment of the nearest center.

        Parameters
        ----------
        columns
            Raw cells by name of column, each of length n_rows: Python values, or an array of
            float64 (NaN is missing) or objects. Cells of an absent column are missing; columns that
            are not features are ignored.
        n_rows
            The number of customers.
        explain
            Whether to compute the contribution of each feature.

        Returns
        -------
        AssignmentResult
            Rows with an invalid cell or without any known feature are rejected individually, in
            `errors`.
        """
        inputs = [
            (feature, feature.read(columns.get(feature.name), n_rows)) for feature in self.features
        ]
        near = self._nearest(inputs, n_rows)
        errors = _errors(inputs)
        assigned = ~_mask(errors, n_rows)
        outlier_reasons = _only(assigned, self._outlier_reasons(inputs, near))
        return AssignmentResult(
            index=np.where(assigned, self.segment_of_center[near.center], -1),
            runner_up=np.where(
                assigned & near.has_runner_up, self.segment_of_center[near.rival], -1
            ),
            distance=np.where(assigned, near.distance, np.nan),
            margin=np.where(assigned & near.has_runner_up, near.margin, np.nan),
            outlier=_mask(outlier_reasons, n_rows),
            outlier_reasons=outlier_reasons,
            imputed=_only(assigned, _imputed(inputs)),
            unknown=_only(assigned, _unknown(inputs)),
            errors=errors,
            reasons=_only(assigned, self._reasons(inputs, near)) if explain else {},
        )

    def to_bytes(self) -> bytes:
        """Serialize the scorer as JSON; floats round-trip exactly."""
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
        """Deserialize the output of `to_bytes`.

        Raises
        ------
        ArtifactFromAnotherRelease
            If the format is that of another release.
        """
        plain = json.loads(data)
        if plain.get("format") != FORMAT:
            raise ArtifactFromAnotherRelease(
                "This release cannot read the format of the scorer; fit the model again"
            )
        return cls(
            features=tuple(feature_from(feature) for feature in plain["features"]),
            centers=np.array(plain["centers"], dtype=np.float64),
            segment_of_center=np.array(plain["segment_of_center"], dtype=np.int64),
            fences=np.array(
                [np.inf if fence is None else fence for fence in plain["fences"]], dtype=np.float64
            ),
        )

    def _nearest(self, inputs: Inputs, n_rows: int) -> Nearest:
        def squared_of(rows: slice) -> Floats:
            parts = (
                feature.squared(column.values[rows], self.centers) for feature, column in inputs
            )
            return reduce(np.add, parts)

        return find_nearest(
            squared_of, n_rows, centers=self.centers, segment_of_center=self.segment_of_center
        )

    def _outlier_reasons(self, inputs: Inputs, near: Nearest) -> dict[int, list[OutlierReason]]:
        reasons: defaultdict[int, list[OutlierReason]] = defaultdict(list)
        for feature, column in inputs:
            for row, detail in feature.outside(column.values).items():
                reasons[row].append(OutlierReason(feature=feature.name, detail=detail))
        with np.errstate(divide="ignore"):
            log_distance = np.log(near.distance)
        fences = self.fences[self.segment_of_center[near.center]]
        for row in np.flatnonzero(log_distance > fences + ROUNDING).tolist():
            reasons[row].append(OutlierReason(feature=None, detail=FAR_AWAY))
        return reasons

    def _reasons(self, inputs: Inputs, near: Nearest) -> dict[int, list[Reason]]:
        reasons: defaultdict[int, list[Reason]] = defaultdict(list)
        for feature, column in inputs:
            to_rival = feature.squared_to(column.values, self.centers, near.rival)
            to_own = feature.squared_to(column.values, self.centers, near.center)
            contributions = near.per_gap(to_rival - to_own)
            for row in np.flatnonzero(near.has_runner_up).tolist():
                value = feature.own_value(column, row)
                reasons[row].append(
                    Reason(
                        feature=feature.name, value=value, contribution=float(contributions[row])
                    )
                )
        for found in reasons.values():
            found.sort(key=lambda reason: -abs(reason.contribution))
        return reasons


def _errors(inputs: Inputs) -> dict[int, list[RowError]]:
    errors: defaultdict[int, list[RowError]] = defaultdict(list)
    for feature, column in inputs:
        for row, detail in column.bad.items():
            errors[row].append(RowError(row=row, feature=feature.name, detail=detail))
    known = reduce(np.logical_or, (column.known() for _, column in inputs))
    for row in np.flatnonzero(~known).tolist():
        if row not in errors:
            errors[row] = [RowError(row=row, feature=None, detail=_NOTHING_KNOWN)]
    return dict(errors)


def _imputed(inputs: Inputs) -> dict[int, list[str]]:
    imputed: defaultdict[int, list[str]] = defaultdict(list)
    for feature, column in inputs:
        for row in np.flatnonzero(column.missing).tolist():
            imputed[row].append(feature.name)
    return imputed


def _unknown(inputs: Inputs) -> dict[int, dict[str, str]]:
    unknown: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for feature, column in inputs:
        for row, text in column.unknown.items():
            unknown[row][feature.name] = text
    return unknown


def _only(assigned: Mask, by_row: Mapping[int, Value]) -> dict[int, Value]:
    return {row: found for row, found in sorted(by_row.items()) if assigned[row]}


def _mask(rows: Collection[int], n_rows: int) -> Mask:
    mask = np.zeros(n_rows, dtype=np.bool_)
    mask[list(rows)] = True
    return mask
