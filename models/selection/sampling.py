"""Sample of customers and columns on which the number of segments is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import preparation
from models.errors import TooFewToChoose
from models.features import Feature
from models.segmentation.prepared import prepare
from models.selection.evidence_points import PreparedColumn, evidence_points
from models.selection.irrelevant_features import irrelevant_categories
from models.statistics import INNER_FENCE, fences

PREPARED: Final = 20_000
SAMPLE: Final = 1_500
MEASURED: Final = 320_000  # coordinates of all customers that are measured: 20,000 by 16
MIN_CUSTOMERS: Final = 10
MAX_OUTLIER_SHARE: Final = 0.06
MIN_LOCAL_FACTOR: Final = 1.5  # Breunig et al. (2000) find outliers above it

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SelectionSample:
    """Sampled customers as points, without outliers.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    evidence
        Shape (n, d'), the same customers as the criteria see them: discrete values spread, missing
        ones drawn, many columns projected.
    everyone
        Shape (m, d), all customers including outliers; a sample if they are more than 20,000 or
        have more than 320,000 coordinates, of 1,500 customers at least.
    columns
        The name of the feature of each coordinate.
    unrelated
        Names of the categorical features that were left out, since no other feature depends on
        them.
    n_customers
        Number of customers with a known feature; an estimate if the table has more than 20,000
        rows.
    n_outliers
        Number of sampled customers that were left out as outliers.
    """

    points: Floats
    evidence: Floats
    everyone: Floats
    columns: tuple[str, ...]
    unrelated: tuple[str, ...]
    n_customers: int
    n_outliers: int

    @property
    def n_sampled(self) -> int:
        """The number of sampled customers including outliers."""
        return len(self.points) + self.n_outliers

    @property
    def is_unchanged(self) -> bool:
        """Whether the criteria see the prepared points themselves."""
        return np.array_equal(self.points, self.evidence)


def draw_sample(table: pd.DataFrame, requested: Sequence[Feature], seed: int) -> SelectionSample:
    """Prepare at most 20,000 customers, sample 1,500 of them, and drop outliers.

    Raises
    ------
    TooFewToChoose
        If fewer than ten customers have a known feature.
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        As for a fit.
    """
    rng = np.random.default_rng(seed)
    rows, requested = _draw_rows(table, requested, rng)
    prepared = prepare(rows, requested)
    n = len(prepared.points)
    if n < MIN_CUSTOMERS:
        raise TooFewToChoose(
            f"{n} customers are too few to recommend a number of segments; at least "
            f"{MIN_CUSTOMERS} are needed"
        )
    columns_of = prepared.transformer.output_indices_
    entries = map(preparation.entry, range(len(prepared.features)))
    blocks = [prepared.points[:, columns_of[entry]] for entry in entries]
    left_out = irrelevant_categories(prepared.features, blocks)
    kept = [pair for pair in zip(prepared.features, blocks, strict=True) if pair[0] not in left_out]
    everyone = np.concatenate([block for _, block in kept], axis=1)
    order = rng.permutation(n)
    drawn = order[:SAMPLE]
    points = everyone[drawn]
    known = rows.loc[prepared.known].iloc[drawn]
    columns = [
        PreparedColumn(feature=feature, cells=known[feature.name], block=block[drawn])
        for feature, block in kept
    ]
    evidence = evidence_points(columns, rng)
    inlier = _inliers(evidence)
    return SelectionSample(
        points=points[inlier],
        evidence=evidence[inlier],
        everyone=_measured(everyone, order),
        columns=tuple(feature.name for feature, block in kept for _ in range(block.shape[1])),
        unrelated=tuple(feature.name for feature in left_out),
        n_customers=round(n * len(table) / len(rows)),
        n_outliers=int((~inlier).sum()),
    )


def _measured(everyone: Floats, order: NDArray[np.int64]) -> Floats:
    """Return the customers to measure; of wide tables fewer, so that the time stays the same."""
    n = max(SAMPLE, MEASURED // everyone.shape[1])
    return everyone if len(everyone) <= n else everyone[np.sort(order[:n])]


def _draw_rows(
    table: pd.DataFrame, requested: Sequence[Feature], rng: np.random.Generator
) -> tuple[pd.DataFrame, Sequence[Feature]]:
    """Draw at most 20,000 rows, and drop features that are constant in them.

    A rare value may be missed.
    """
    if len(table) <= PREPARED:
        return table, requested
    rows = table.iloc[np.sort(rng.choice(len(table), PREPARED, replace=False))]
    return rows, [
        feature
        for feature in requested
        if feature.name not in rows or _is_not_constant(rows[feature.name])
    ]


def _is_not_constant(column: pd.Series) -> bool:
    known = column.dropna()
    return bool((known != known.iloc[0]).any()) if len(known) else False


def _inliers(points: Floats) -> NDArray[np.bool_]:
    """Return a mask of the inliers; at most 6 % of the points are outliers.

    A point is an outlier if it is far from all others and farther than its neighbours are: its log
    distance to its j-th neighbour is more than 1.5 interquartile ranges above the third quartile,
    and its distance is 1.5 times the median of its neighbours' (after the local outlier factor,
    Breunig et al. 2000), where j is 1 % of the points, clipped to [5, 15]. So a small segment that
    is less dense than the others remains.
    """
    from scipy.spatial import KDTree  # noqa: PLC0415 - the api imports the result types without scipy

    j = int(np.clip(len(points) // 100, 5, 15))
    if len(points) <= 2 * j:
        return np.ones(len(points), dtype=np.bool_)
    distances, neighbours = (np.asarray(each) for each in KDTree(points).query(points, j + 1))
    away = np.maximum(distances[:, -1], 1e-12)
    log = np.log(away)
    q1, q3 = np.quantile(log, [0.25, 0.75]).tolist()
    _, fence = fences(q1, q3, INNER_FENCE)
    is_far = log > max(fence, float(np.quantile(log, 1 - MAX_OUTLIER_SHARE)))
    is_local = away > MIN_LOCAL_FACTOR * np.median(away[neighbours[:, 1:]], axis=1)
    return np.asarray(~(is_far & is_local))
