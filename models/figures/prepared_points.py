"""Preparation of customers with numpy only, from the stored description."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scoring import Scorer
from models.scoring.features import NumericFeature

Floats = NDArray[np.float64]


def prepared_points(
    scorer: Scorer,
    preparation: Sequence[Mapping[str, Any]],
    cells: Mapping[str, Sequence[object] | NDArray[Any]],
    n_rows: int,
) -> Floats:
    """Prepare customers as the model's pipeline does.

    Parameters
    ----------
    scorer
        The compiled model.
    preparation
        The result of `preparation.describe`.
    cells
        Raw cells by feature, each of length `n_rows`; an absent column is missing everywhere.
    n_rows
        The number of customers.

    Returns
    -------
    ndarray
        Shape (n_rows, d), in prepared units.
    """
    blocks = []
    for feature, described in zip(scorer.features, preparation, strict=True):
        values = feature.read(cells.get(feature.name), n_rows).values
        if isinstance(feature, NumericFeature):
            blocks.append(feature.coordinate(values)[:, None])
        else:
            blocks.append(_vectors(described)[values])
    return np.hstack(blocks)


def _vectors(described: Mapping[str, Any]) -> Floats:
    """Return the coordinates of each category, with the mean for an unknown one as last row."""
    one_hot, scale = described["steps"]
    shares = np.array(one_hot["shares"])
    factor = np.sqrt(described["weight"] * scale["block_variance"] / np.sum(shares * (1 - shares)))
    return np.vstack([(np.eye(len(shares)) - shares) * factor, np.zeros(len(shares))])
