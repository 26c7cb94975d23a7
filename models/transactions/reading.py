"""Transactions as they come, row by row, and the rows that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.exploration import MAX_LISTED, CellError, dates
from models.exploration.arrow import Mask
from models.exploration.faults import Faults
from models.transactions.fields import Field, read_amounts, read_customers, read_dates
from models.transactions.recipe import Recipe, days_since_1970


@dataclass(frozen=True, kw_only=True)
class Transactions:
    """Readable transactions up to the reference date, their days counted from 1970.

    `recipe` is as it was decided, `faults` are the first hundred cells that cannot be read, and `n_faulty` counts their
    rows; `n_later` counts rows after the reference date.
    """

    customers: pa.DictionaryArray
    days: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64] | None
    recipe: Recipe
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


def read_transactions(raw: pa.Table, recipe: Recipe) -> Transactions:
    """Read the columns that the recipe names.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came; one row for each transaction.
    recipe
        Which columns are read.

    Returns
    -------
    Transactions
        Without the rows that lack or garble one of the columns, and without those after the reference date.

    Raises
    ------
    UnclearRecipe, UnknownColumn
        If the recipe does not fit the table.
    ValueError
        If its reference is not an ISO date.
    """
    recipe.check(raw)
    who = read_customers(raw, recipe.customer)
    when = read_dates(raw, recipe.date, recipe.date_order)
    much = None if recipe.amount is None else read_amounts(raw, recipe.amount, recipe.numerals)
    fields = [field for field in (who, when, much) if field]
    sound = _is_sound(fields, raw.num_rows)
    days = when.values.to_numpy(zero_copy_only=False)
    kept = sound & _is_in_time(days, recipe.reference)
    return Transactions(
        customers=who.values.filter(pa.array(kept)),
        days=days[kept].astype(np.int64),
        amounts=much and much.values.to_numpy(zero_copy_only=False)[kept],
        recipe=replace(recipe, date_order=cast("dates.Order | None", when.style), numerals=much and much.style),
        faults=_first([field.faults for field in fields]),
        n_faulty=int((~sound).sum()),
        n_later=int(sound.sum() - kept.sum()),
        warnings=tuple(field.warning for field in fields if field.warning),
    )


def _is_sound(fields: Sequence[Field], n_rows: int) -> Mask:
    sound = np.ones(n_rows, np.bool_)
    for field in fields:
        sound[field.faults.rows] = False
    return sound


def _is_in_time(days: npt.NDArray[np.float64], reference: str | None) -> Mask:
    """Tell which days count; NaN is on none."""
    return days <= (np.inf if reference is None else days_since_1970(reference))


def _first(faults: Sequence[Faults]) -> tuple[CellError, ...]:
    listed = chain.from_iterable(found.errors(MAX_LISTED) for found in faults)
    return tuple(sorted(listed, key=lambda fault: fault.row)[:MAX_LISTED])
