"""The columns of a stored table as a scorer takes them."""

import numpy as np


def cells_of(table, features):
    """Give numbers as an array of float64, all else as objects with None where nothing is."""
    return {feature.name: _cells(table[feature.name], feature.kind) for feature in features}


def _cells(column, kind):
    if kind == "numeric":
        return column.to_numpy(dtype=np.float64)
    return column.astype(object).where(column.notna(), None).to_numpy()
