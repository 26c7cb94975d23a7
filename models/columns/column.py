"""The kinds of columns, and how each column is read."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["numeric", "categorical", "identifier", "ignored"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column as it is read.

    `reason` says why an ignored one is ignored. `missing_markers` are the texts declared to stand for a missing value.
    `fold_case` reads its texts in lower case. `numerals` is how numbers are written, by the example of 1234.56
    (``1.234,56 €``); None means plainly. `newest` is the ISO date from which a column of dates counts its days back;
    `numerals` is then their order (``yyyy-mm-dd``, ``dd/mm/yyyy`` or ``mm/dd/yyyy``) or, of numbers, their form
    (``yyyymmdd``, ``unix seconds``, …, ``excel days``). `doubts` are the sentences that ask the owner about a reading,
    each with the declaration that overrules it; the summary and a fit repeat them.
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
    """What the owner of a table declares of a column; None leaves it open.

    `numerals` is how its numbers or dates are written, as `Column.numerals` names it; the column is numeric then.
    """

    kind: Kind | None = None
    missing: tuple[str, ...] | None = None
    fold_case: bool = False
    numerals: str | None = None
