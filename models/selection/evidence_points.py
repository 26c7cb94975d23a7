"""Points from which the number of segments is chosen: continuous, and not too many coordinates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.features import Feature
from models.preparation import numeric
from models.preparation.categorical import BLOCK_VARIANCE
from models.selection.dequantization import (
    continuous_amount,
    find_atom,
    spread_atom,
    spread_categories,
)
from models.selection.irrelevant_features import category_codes, is_related
from models.selection.subspace import informative_coordinates

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PreparedColumn:
    """A prepared feature of the sampled customers.

    Attributes
    ----------
    feature
        The feature, with its choices made.
    cells
        Shape (n,), its values in own units.
    block
        Shape (n, 1) or (n, n_categories), its prepared coordinates.
    """

    feature: Feature
    cells: pd.Series
    block: Floats


def evidence_points(columns: Sequence[PreparedColumn], rng: np.random.Generator) -> Floats:
    """Build the points that the criteria are evaluated on, shape (n, d).

    The prepared points if every column is constant among these customers.
    """
    blocks = [block for column in columns for block in _blocks(column, columns, rng)]
    if not any(block.shape[1] for block in blocks):
        blocks = [column.block for column in columns]
    return informative_coordinates(np.concatenate(blocks, axis=1), rng)


def _blocks(
    column: PreparedColumn, columns: Sequence[PreparedColumn], rng: np.random.Generator
) -> Iterator[Floats]:
    if column.feature.kind == "categorical":
        codes, m = category_codes(column.block), column.block.shape[1]
        yield _scale(spread_categories(codes, m, rng), column.feature, BLOCK_VARIANCE)
        return
    values = column.cells.to_numpy(dtype=np.float64)
    atom = find_atom(values)
    amount = continuous_amount(values, rng, left_out=atom)
    if np.array_equal(amount, values):
        yield column.block
    elif np.ptp(amount) > 0:
        prepared = _prepare(amount, column.feature)
        at_atom = values == atom
        others = [other.block for other in columns if other is not column]
        if at_atom.any() and is_related(at_atom.astype(np.int64), others):
            below = atom < float(np.median(amount))
            spread = spread_atom(prepared[:, 0], at_atom, below=below, rng=rng)
            prepared = _scale(spread[:, None], column.feature, variance=1.0)
        yield prepared


def _prepare(amount: Floats, feature: Feature) -> Floats:
    """Prepare an amount as a fit prepares the column."""
    within = amount.clip(-numeric.MAX_NUMBER, numeric.MAX_NUMBER)
    learned = numeric.learn(pd.Series(within), feature)
    prepared = within[:, None]
    for name, step in learned.steps.steps[1:]:  # none is missing, so none is imputed
        prepared = learned.fitted.get(name, step).transform(prepared)
    return np.asarray(prepared * feature.weight**0.5)


def _scale(block: Floats, feature: Feature, variance: float) -> Floats:
    """Scale a block to the variance that the feature has in a fit."""
    centered = block - block.mean(axis=0)
    total = float(centered.var(axis=0).sum())
    factor = (feature.weight * variance / total) ** 0.5 if total > 0 else 0.0
    return np.asarray(factor * centered)
