"""Continuous stand-ins for discrete values, as the criteria for k assume continuous columns.

The values of flags, counts, scales and codes form a lattice. Its cells are dense points with
nothing between them, so every criterion would count them as segments. A discrete value therefore
stands for the interval that it rounds, and is replaced by a random point of it (uniform
dequantization: Theis, van den Oord & Bethge 2016); columns that are independent then fill a box.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_ATOM_SHARE: Final = 0.1  # as in every tenth customer
ATOM_RATIO: Final = 5.0  # times as frequent as the second most frequent value


def find_atom(values: Floats) -> float:
    """Return the value that is far more frequent than every other, such as zero, or NaN.

    NaN if all other values are equal, since the column is then a flag.

    Parameters
    ----------
    values
        Shape (n,), NaN where missing.
    """
    known = values[~np.isnan(values)]
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) <= 2:  # noqa: PLR2004 - a flag
        return np.nan
    second, first = np.partition(counts, -2)[-2:].tolist()
    is_atom = first >= MIN_ATOM_SHARE * len(known) and first >= ATOM_RATIO * second
    return float(distinct[counts.argmax()]) if is_atom else np.nan


def continuous_amount(
    values: Floats, rng: np.random.Generator, *, left_out: float = np.nan
) -> Floats:
    """Return a numeric column with tied values spread, and missing ones drawn from the others.

    Hot-deck imputation: customers whose value is unknown then form no group. All zeros if no value
    is known.

    Parameters
    ----------
    values
        Shape (n,), NaN where missing.
    rng
        Random generator.
    left_out
        A value to treat as missing.
    """
    known = ~np.isnan(values) & (values != left_out)
    if not known.any():
        return np.zeros(len(values))
    amount = _spread(values, known, rng)
    amount[~known] = rng.choice(amount[known], size=int((~known).sum()))
    return amount


def spread_atom(
    amount: Floats, at_atom: NDArray[np.bool_], *, below: bool, rng: np.random.Generator
) -> Floats:
    """Spread the customers at an atom over a cell beside the others' amounts.

    Whether there is an amount is a flag, and the amounts fill its other cell: both cells are as
    wide as an even spread of the amounts' standard deviation, and touch.

    Parameters
    ----------
    amount
        Shape (n,), standardized; random where the customer is at the atom.
    at_atom
        Shape (n,), the customers at the atom.
    below
        Whether the atom lies below the amounts.
    rng
        Random generator.
    """
    width = 12**0.5 * amount.std()
    cell = amount.mean() - width * (1 / 2 + rng.random(len(amount)))
    side = cell if below else 2 * amount.mean() - cell
    return np.where(at_atom, side, amount)


def spread_categories(codes: NDArray[np.int64], m: int, rng: np.random.Generator) -> Floats:
    """Replace each category by a random point of the simplex at which its coordinate is largest.

    As in argmax flows (Hoogeboom et al. 2021): equally frequent categories fill the simplex evenly.

    Parameters
    ----------
    codes
        Shape (n,), 0 to m - 1; m for an unknown category, which is a random one.
    m
        The number of categories.
    rng
        Random generator.

    Returns
    -------
    ndarray
        Shape (n, m - 1): coordinates within the simplex, with the same distances.
    """
    from scipy.linalg import helmert  # noqa: PLC0415 - the api imports the result types without scipy

    if m == 1:
        return np.empty((len(codes), 0))
    x = rng.dirichlet(np.ones(m), size=len(codes))
    rows, largest = np.arange(len(codes)), x.argmax(axis=1)
    own = np.where(codes < m, codes, largest)
    x[rows, own], x[rows, largest] = x[rows, largest], x[rows, own].copy()
    return np.asarray(x @ helmert(m).T)


def _spread(values: Floats, where: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Replace tied values by random points of the interval up to the next value.

    The interval is at most as wide as the nearest gap to another value, so gaps remain.
    """
    distinct, position, counts = np.unique(values[where], return_inverse=True, return_counts=True)
    gaps = np.concatenate([[np.inf], np.diff(distinct), [np.inf]])
    widths = np.minimum(gaps[:-1], gaps[1:])
    widths[(counts == 1) | ~np.isfinite(widths)] = 0.0
    spread = values.copy()
    spread[where] += widths[position] * rng.random(len(position))
    return spread
