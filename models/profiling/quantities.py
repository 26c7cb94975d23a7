"""Whether the cells of a column are amounts of money or small counts."""

import numpy as np
import numpy.typing as npt

from models.column_words import Quantity

LARGE_COUNT = 1000
LARGE_FRACTION = 50  # a mean number of orders has decimals too, but is small
SMALL_COUNT = 50

Floats = npt.NDArray[np.float64]


def quantity(values: Floats) -> Quantity | None:
    """Return whether known values are amounts or counts, None if they may be either.

    Amounts are large, or have decimals and are not small; counts are small whole numbers from zero
    on.
    """
    if not values.size:
        return None
    whole, large = bool((values == np.rint(values)).all()), float(np.quantile(np.abs(values), 0.95))
    if large >= LARGE_COUNT or (not whole and large >= LARGE_FRACTION):
        return "amount"
    return "count" if whole and values.min() >= 0 and large <= SMALL_COUNT else None
