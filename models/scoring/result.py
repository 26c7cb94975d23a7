"""Result types of the assignment of customers to segments."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class RowError:
    """Reason for the rejection of a row; `feature` is None for the row as a whole.

    Rows count from 0.
    """

    row: int
    feature: str | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class OutlierReason:
    """Reason why a customer is an outlier; `feature` is None for the distance to the center."""

    feature: str | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """The contribution of a feature to the segment rather than the runner-up.

    The contributions of a customer add up to the margin before it is clipped to [0, 1]. `value` is
    in its own units, None if it is missing.
    """

    feature: str
    value: float | str | None
    contribution: float


@dataclass(frozen=True, kw_only=True)
class AssignmentResult:
    """The assignment of n customers. Sparse attributes are dicts by row, counted from 0.

    Attributes
    ----------
    index
        Shape (n,), the segment; -1 if the row is rejected.
    runner_up
        Shape (n,), the segment of the nearest center of another segment; -1 if there is none.
    distance
        Shape (n,), the distance to the nearest center in prepared units; NaN if rejected.
    margin
        Shape (n,), from 0 on the border to 1 at the center; NaN if rejected or without runner-up.
    outlier
        Shape (n,), whether the customer is unlike the training customers.
    outlier_reasons
        The reasons of each outlier.
    imputed
        The missing features.
    unknown
        Categories that no training customer had, or too few, by feature.
    errors
        The reasons of each rejected row.
    reasons
        The contributions of the features, strongest first; empty without `explain`.
    """

    index: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    distance: NDArray[np.float64]
    margin: NDArray[np.float64]
    outlier: NDArray[np.bool_]
    outlier_reasons: dict[int, list[OutlierReason]] = field(default_factory=dict)
    imputed: dict[int, list[str]] = field(default_factory=dict)
    unknown: dict[int, dict[str, str]] = field(default_factory=dict)
    errors: dict[int, list[RowError]] = field(default_factory=dict)
    reasons: dict[int, list[Reason]] = field(default_factory=dict)
