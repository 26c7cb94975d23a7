"""Assignment of a whole table to the nearest centers, on all cores, as a scorer would."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.kernels.nearest_center import Centers, FeatureTables, assign_to_centers
from models.kernels.parallel import threads_for
from models.scoring import Scorer
from models.scoring.features import CategoricalFeature, Coordinate, NumericFeature

AT_ONCE: Final = 32_768  # customers per block and thread, which bounds memory

Floats = NDArray[np.float64]
Column = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class AssignedTable:
    """The nearest center of n customers, -1 without any known feature, and the distance to it."""

    center: Centers
    distance: Floats


def assign_table(scorer: Scorer, table: pd.DataFrame) -> AssignedTable:
    """Find the nearest center of each customer.

    Parameters
    ----------
    scorer
        The scorer, whose features and centers are used.
    table
        The customers, as for `fit`.

    Returns
    -------
    AssignedTable
        Agrees bit for bit with `Scorer.assign` for one segment per center, with any number of
        threads.
    """
    tables = _feature_tables(scorer)
    columns = [_read(feature, table[feature.name]) for feature in scorer.features]
    center, squared = np.empty(len(table), np.int32), np.empty(len(table))

    def assign_block(start: int) -> None:
        rows = slice(start, start + AT_ONCE)
        pairs = zip(scorer.features, columns, strict=True)
        encoded = [_encode(feature, column[rows]) for feature, column in pairs]
        assign_to_centers(tables, np.stack(encoded), center[rows], squared[rows])

    with threads_for(len(table) * len(scorer.centers)) as each:
        list(each(assign_block, range(0, len(table), AT_ONCE)))
    unknown = ~np.any(
        [_is_known(*pair) for pair in zip(scorer.features, columns, strict=True)], axis=0
    )
    center[unknown], squared[unknown] = -1, np.nan
    return AssignedTable(center=center, distance=np.sqrt(squared, out=squared))


def _feature_tables(scorer: Scorer) -> FeatureTables:
    m, f = len(scorer.centers), len(scorer.features)
    n_codes = max(
        (len(each.distances) for each in scorer.features if isinstance(each, CategoricalFeature)),
        default=0,
    )
    tables = FeatureTables(np.zeros(f, dtype=np.bool_), np.zeros((m, f)), np.zeros((m, f, n_codes)))
    for i, feature in enumerate(scorer.features):
        if isinstance(feature, NumericFeature):
            tables.is_number[i], tables.places[:, i] = True, scorer.centers[:, feature.position]
        else:
            tables.tables[:, i, : len(feature.distances)] = feature.distances.T
    return tables


def _read(feature: Coordinate, column: pd.Series) -> Column:
    """Return the numbers, or the category codes; each distinct text is parsed once."""
    if isinstance(feature, NumericFeature):
        return column.to_numpy(dtype=np.float64)
    codes, distinct = column.factorize(use_na_sentinel=False)
    cells = [cell if isinstance(cell, str) else None for cell in distinct]
    positions: Column = np.asarray(feature.read(cells, len(cells)).values, dtype=np.int16)
    return np.asarray(positions[codes])


def _encode(feature: Coordinate, values: Column) -> Floats:
    """Return coordinates, or rows of the distance table.

    Its last row is that of an unknown category.
    """
    if isinstance(feature, NumericFeature):
        return feature.coordinate(values)
    return np.where(values < 0, len(feature.categories), values).astype(np.float64)


def _is_known(feature: Coordinate, values: Column) -> NDArray[np.bool_]:
    return ~np.isnan(values) if isinstance(feature, NumericFeature) else values >= 0
