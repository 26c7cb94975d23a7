"""The customers of a whole table at their nearest centers: as a scorer places them, but on all cores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.kernels.nearest_center import Centers, FeatureTables, assign_to_centers
from models.kernels.parallel import threads_for
from models.scoring import Scorer
from models.scoring.features import CategoricalFeature, Coordinate, NumericFeature

AT_ONCE: Final = 32_768  # customers whose coordinates are held at a time, by each thread

Floats = NDArray[np.float64]
Column = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class AssignedTable:
    """Where each of n customers is: the nearest center, -1 where nothing is known of them, and the distance to it."""

    center: Centers
    distance: Floats


def assign_table(scorer: Scorer, table: pd.DataFrame) -> AssignedTable:
    """Find the center nearest to each customer.

    Parameters
    ----------
    scorer
        Its features and centers.
    table
        The customers, as `fit` takes them.

    Returns
    -------
    Placed
        What `Scorer.assign` says with a segment for each center, bit for bit, with any number of threads.
    """
    sums, columns = _sums(scorer), [_read(feature, table[feature.name]) for feature in scorer.features]
    center, squared = np.empty(len(table), np.int32), np.empty(len(table))

    def place_block(start: int) -> None:
        rows = slice(start, start + AT_ONCE)
        assign_to_centers(sums, _measure_distances(scorer.features, columns, rows), center[rows], squared[rows])

    with threads_for(len(table) * len(scorer.centers)) as each:
        list(each(place_block, range(0, len(table), AT_ONCE)))
    unknown = ~np.any([_known(*pair) for pair in zip(scorer.features, columns, strict=True)], axis=0)
    center[unknown], squared[unknown] = -1, np.nan
    return AssignedTable(center=center, distance=np.sqrt(squared, out=squared))


def _sums(scorer: Scorer) -> FeatureTables:
    m, f = len(scorer.centers), len(scorer.features)
    most = max((len(each.distances) for each in scorer.features if isinstance(each, CategoricalFeature)), default=0)
    sums = FeatureTables(np.zeros(f, dtype=np.bool_), np.zeros((m, f)), np.zeros((m, f, most)))
    for i, feature in enumerate(scorer.features):
        if isinstance(feature, NumericFeature):
            sums.is_number[i], sums.places[:, i] = True, scorer.centers[:, feature.position]
        else:
            sums.tables[:, i, : len(feature.distances)] = feature.distances.T
    return sums


def _read(feature: Coordinate, column: pd.Series) -> Column:
    """Give numbers as they are, and of categories which it is; each text is read once."""
    if isinstance(feature, NumericFeature):
        return column.to_numpy(dtype=np.float64)
    codes, distinct = column.factorize(use_na_sentinel=False)
    cells = [cell if isinstance(cell, str) else None for cell in distinct]
    positions: Column = np.asarray(feature.read(cells, len(cells)).values, dtype=np.int16)
    return np.asarray(positions[codes])


def _measure_distances(features: Sequence[Coordinate], columns: Sequence[Column], rows: slice) -> Floats:
    return np.stack([_measure(*pair) for pair in zip(features, (column[rows] for column in columns), strict=True)])


def _measure(feature: Coordinate, values: Column) -> Floats:
    """Give coordinates, or rows in the table of distances, of which the last is that of an unknown category."""
    if isinstance(feature, NumericFeature):
        return feature.coordinate(values)
    return np.where(values < 0, len(feature.categories), values).astype(np.float64)


def _known(feature: Coordinate, values: Column) -> NDArray[np.bool_]:
    return ~np.isnan(values) if isinstance(feature, NumericFeature) else values >= 0
