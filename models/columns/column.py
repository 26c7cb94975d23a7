"""Columns: their kinds, and how each one is parsed."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["numeric", "categorical", "identifier", "ignored"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column, and how it is parsed.

    Attributes
    ----------
    reason
        Why an ignored column is ignored.
    missing_markers
        Texts declared to stand for a missing value.
    fold_case
        Whether its texts are converted to lower case.
    numerals
        The number format, as the example 1234.56 in it (``1.234,56 €``); None for plain numbers.
        For dates their order (``yyyy-mm-dd``, ``dd/mm/yyyy`` or ``mm/dd/yyyy``) or, if they are
        numbers, their unit (``yyyymmdd``, ``unix seconds``, …, ``excel days``).
    newest
        The ISO date from which a column of dates counts its days back; None for all other columns.
    doubts
        Warnings about uncertain inferences, each with the override that corrects it; summary and
        fit repeat them.
    """

    name: str
    kind: Kind
    missing: int
    distinct: int
    reason: str | None = None
    missing_markers: tuple[str, ...] = ()
    fold_case: bool = False
    numerals: str | None = None
    newest: str | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Override:
    """An explicit declaration for one column; None means inferred.

    `numerals` is its number or date format, as in `Column.numerals`; it makes the column numeric.
    """

    kind: Kind | None = None
    missing: tuple[str, ...] | None = None
    fold_case: bool = False
    numerals: str | None = None
