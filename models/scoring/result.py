"""The answer to "which segment is this customer in", for many customers at once."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class CellError:
    """Why a row is rejected; `feature` is None where the row as a whole is to blame. Rows count from 0."""

    row: int
    feature: str | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class OutlierReason:
    """What is unusual about a customer: a feature, or None for the place as a whole."""

    feature: str | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """How much a feature speaks for the segment and against the runner-up.

    The contributions of a customer add up to the margin before it is clipped to [0, 1]. `value` is in own units, None
    where the customer's is missing.
    """

    feature: str
    value: float | str | None
    contribution: float


@dataclass(frozen=True, kw_only=True)
class AssignmentResult:
    """Where each of n customers is placed. What only a few rows have is kept by row, counted from 0.

    Attributes
    ----------
    index
        Shape (n,), the segment; -1 where the row is rejected.
    runner_up
        Shape (n,), the segment of the nearest center that belongs to another one; -1 where there is none.
    distance
        Shape (n,), to the nearest center in prepared units; NaN where rejected.
    margin
        Shape (n,), from 0 on the border to 1 at the center; NaN where rejected or without runner-up.
    outlier
        Shape (n,), whether the customer is unlike those the segments were learned from.
    outlier_reasons
        Why, for outliers.
    imputed
        The features that were missing.
    unknown
        The categories that were not learned, since no customer or too few had them, by feature.
    errors
        Why a row is rejected.
    reasons
        What speaks for the segment, strongest first; only where an explanation was asked.
    """

    index: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    distance: NDArray[np.float64]
    margin: NDArray[np.float64]
    outlier: NDArray[np.bool_]
    outlier_reasons: dict[int, list[OutlierReason]] = field(default_factory=dict)
    imputed: dict[int, list[str]] = field(default_factory=dict)
    unknown: dict[int, dict[str, str]] = field(default_factory=dict)
    errors: dict[int, list[CellError]] = field(default_factory=dict)
    reasons: dict[int, list[Reason]] = field(default_factory=dict)
