"""What can come of judging a column."""

from dataclasses import replace
from typing import NamedTuple

from models import cells
from models.columns.cell_errors import ColumnErrors, errors_by_rule
from models.columns.column import Column, Kind
from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.layout_checks import share_of_sum
from models.columns.sentinels import find_numeric_sentinels
from models.features import MAX_CATEGORIES


class Judged(NamedTuple):
    """A column's description, and the sentences that its owner should read beside the column's doubts.

    `share_of_sum` is its last number as a share of the sum of all others; `has_data_header` that its header could be
    one of its own cells; `is_ambiguous` that the marks in its numbers may group thousands or be for decimals.
    """

    column: Column
    warnings: tuple[str, ...] = ()
    share_of_sum: float = 0.0
    has_data_header: bool = False
    is_ambiguous: bool = False

    def asking(self, *doubts: str | None) -> "Judged":
        """Add doubts to the column; None is no doubt."""
        added = (*self.column.doubts, *filter(None, doubts))
        return self._replace(column=replace(self.column, doubts=added))


def check_texts(evidence: TextColumn) -> None:
    """Refuse a column with a cell that is no text."""
    ColumnErrors.among(evidence.name, evidence.cells, evidence.texts.wrong, errors_by_rule(cells.category)).refuse()


def too_many(evidence: TextColumn) -> str:
    """Say that a column has too many categories."""
    return f"has {evidence.distinct:,} different values, and at most {MAX_CATEGORIES} can be told apart"


def ignore(evidence: NumericColumn | TextColumn, reason: str, why: str) -> Judged:
    """Leave a column out, and say why."""
    warning = f"{evidence.name!r} is ignored: it {why}".removesuffix(".")
    return Judged(column_of(evidence, "ignored", reason=reason), (f"{warning}.",))


def column_of(evidence: NumericColumn | TextColumn, kind: Kind, reason: str | None = None) -> Column:
    """Describe a column as one of a kind."""
    return Column(name=evidence.name, kind=kind, missing=evidence.missing, distinct=evidence.distinct, reason=reason)


def numeric(evidence: NumericColumn) -> Judged:
    """Describe a column of numbers, and say how they were read and which may stand for a missing value."""
    column = replace(column_of(evidence, "numeric"), numerals=evidence.numerals, newest=evidence.newest)
    written = _how_written(evidence)
    judged = Judged(column, share_of_sum=share_of_sum(evidence.values), is_ambiguous=evidence.is_ambiguous)
    if written and evidence.doubt:
        judged = judged.asking(f"{written} {evidence.doubt}")
    elif written:
        judged = judged._replace(warnings=(written,))
    return judged if evidence.newest else judged.asking(find_numeric_sentinels(evidence.name, evidence.known))


def _how_written(evidence: NumericColumn) -> str | None:
    if evidence.newest is not None:
        return f"{evidence.name!r} holds dates and is read as the days from each of them to the newest."
    if evidence.numerals is None:
        return f"{evidence.name!r} is read as plain numbers." if evidence.doubt else None
    if evidence.numerals.endswith("%"):
        return f"{evidence.name!r} holds percentages written like {evidence.numerals}: 45 % is read as 45."
    return f"{evidence.name!r} is read as numbers written like {evidence.numerals}."
