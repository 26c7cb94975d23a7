"""Whole numbers that may be codes of categories: suggested in warnings, and never taken for such unasked."""

import json
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

MOST_CODES: Final = 12
ROWS_EACH: Final = 10


def suspect_codes(name: str, known: npt.NDArray[np.float64]) -> str | None:
    """Say that a column may hold codes: 1, 2, … up to at most 12, each in ten rows on average; counts begin at 0.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order, at least one.

    Returns
    -------
    str or None
        The sentence that its owner should read.
    """
    n_codes = int(known[-1]) if 1 < known[-1] <= MOST_CODES else 0
    if not n_codes or len(known) < ROWS_EACH * n_codes or not _are_all(known, range(1, n_codes + 1)):
        return None
    declared = json.dumps({"columns": {name: {"kind": "categorical"}}}, ensure_ascii=False)
    return (
        f"{name!r} holds only {n_codes} different whole numbers. If they are codes rather than amounts, declare it "
        f"categorical: {declared}"
    )


def _are_all(known: npt.NDArray[np.float64], codes: Sequence[int]) -> bool:
    counts = np.searchsorted(known, codes, "right") - np.searchsorted(known, codes, "left")
    return bool(counts.all()) and int(counts.sum()) == len(known)
