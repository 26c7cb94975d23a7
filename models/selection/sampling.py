"""Which customers, and which of their columns, the question of how many segments is put to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import preparation
from models.errors import TooFewToChoose
from models.features import Feature
from models.segmentation.prepared import PreparedTable, prepare
from models.selection.irrelevant_features import irrelevant_categories

PREPARED: Final = 20_000
SAMPLE: Final = 1_500
FEWEST: Final = 10
STRAY_SHARE: Final = 0.06

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SelectionSample:
    """Customers as points, without those who belong nowhere.

    Attributes
    ----------
    points
        Shape (n, d), in prepared units.
    everyone
        Shape (m, d): all customers, with those who belong nowhere; 20,000 where there are more.
    columns
        For each coordinate the name of its feature.
    unrelated
        The categories that were left out since no other feature depends on them, by name.
    n_customers
        How many customers there are with a known feature; an estimate where they are more than 20,000.
    n_strays
        How many were left out because they are far from all others.
    """

    points: Floats
    everyone: Floats
    columns: tuple[str, ...]
    unrelated: tuple[str, ...]
    n_customers: int
    n_strays: int

    @property
    def n_looked_at(self) -> int:
        """How many customers were drawn, with those left out."""
        return len(self.points) + self.n_strays


def draw_sample(table: pd.DataFrame, asked: Sequence[Feature], seed: int) -> SelectionSample:
    """Prepare at most 20,000 customers, and keep 1,500 of them less those who are far from any other.

    Raises
    ------
    TooFewToChoose
        For fewer than ten customers with a known feature.
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        As for a fit.
    """
    rng = np.random.default_rng(seed)
    some, asked = _draw_rows(table, asked, rng)
    prepared = prepare(some, asked)
    n = len(prepared.points)
    if n < FEWEST:
        raise TooFewToChoose(f"{n} customers are too few to say how many segments they form: {FEWEST} are needed")
    blocks = [prepared.points[:, block] for block in _columns_of(prepared)]
    left_out = irrelevant_categories(prepared.features, blocks)
    kept = [pair for pair in zip(prepared.features, blocks, strict=True) if pair[0] not in left_out]
    everyone = np.concatenate([block for _, block in kept], axis=1)
    points = everyone[rng.permutation(n)[:SAMPLE]]
    near = _within_fences(points)
    return SelectionSample(
        points=points[near],
        everyone=everyone,
        columns=tuple(feature.name for feature, block in kept for _ in range(block.shape[1])),
        unrelated=tuple(feature.name for feature in left_out),
        n_customers=round(n * len(table) / len(some)),
        n_strays=int((~near).sum()),
    )


def _draw_rows(
    table: pd.DataFrame, asked: Sequence[Feature], rng: np.random.Generator
) -> tuple[pd.DataFrame, Sequence[Feature]]:
    """Draw at most 20,000 rows, and leave out what is the same in all of those: a rare value of a large table."""
    if len(table) <= PREPARED:
        return table, asked
    some = table.iloc[np.sort(rng.choice(len(table), PREPARED, replace=False))]
    return some, [feature for feature in asked if feature.name not in some or _is_constant_free(some[feature.name])]


def _is_constant_free(column: pd.Series) -> bool:
    known = column.dropna()
    return bool((known != known.iloc[0]).any()) if len(known) else False


def _columns_of(prepared: PreparedTable) -> list[slice]:
    """Give where each feature's coordinates are."""
    where = prepared.transformer.output_indices_
    return [where[preparation.entry(i)] for i in range(len(prepared.features))]


def _within_fences(points: Floats) -> NDArray[np.bool_]:
    """Mark the points to keep: all but those far from any other, at most 6 %.

    A point is far whose log distance to its neighbour (the 5th to 15th, one in a hundred of all) is more than 1.5
    interquartile ranges above the third quartile.
    """
    from scipy.spatial import KDTree  # noqa: PLC0415 - the api knows the advice by its shape only

    neighbour = int(np.clip(len(points) // 100, 5, 15))
    if len(points) <= 2 * neighbour:
        return np.ones(len(points), dtype=np.bool_)
    away, _ = KDTree(points).query(points, [neighbour + 1])
    log = np.log(np.maximum(np.asarray(away)[:, 0], 1e-12))
    q1, q3 = np.quantile(log, [0.25, 0.75])
    fence = max(q3 + 1.5 * (q3 - q1), float(np.quantile(log, 1 - STRAY_SHARE)))
    return np.asarray(log <= fence)
