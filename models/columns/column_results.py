"""Results of inferring or declaring one column."""

from dataclasses import replace
from typing import NamedTuple

from models import cells
from models.columns.cell_errors import ColumnErrors, errors_by_rule
from models.columns.column import Column, Kind
from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.layout_checks import EndShares, shares_of_sum
from models.columns.sentinels import find_numeric_sentinels
from models.features import MAX_CATEGORIES


class ColumnResult(NamedTuple):
    """An inferred column, and warnings in addition to the column's doubts.

    `has_data_header` means that its header could be one of its own cells, `is_ambiguous` that its
    separators may be for thousands or for decimals.
    """

    column: Column
    warnings: tuple[str, ...] = ()
    shares_of_sum: EndShares = EndShares()
    has_data_header: bool = False
    is_ambiguous: bool = False

    def with_doubts(self, *doubts: str | None) -> "ColumnResult":
        """Return the result with more doubts about the column; None is skipped."""
        added = (*self.column.doubts, *filter(None, doubts))
        return self._replace(column=replace(self.column, doubts=added))


def check_texts(evidence: TextColumn) -> None:
    """Raise BadCells if a cell cannot be a category."""
    ColumnErrors.from_cells(
        evidence.name, evidence.cells, evidence.texts.wrong, errors_by_rule(cells.category)
    ).raise_if_any()


def too_many_categories(evidence: TextColumn) -> str:
    """Build the phrase for a column with too many categories."""
    return f"has {evidence.distinct:,} different values, more than the supported {MAX_CATEGORIES}"


def ignore(evidence: NumericColumn | TextColumn, reason: str, why: str) -> ColumnResult:
    """Build the result of a column that is ignored, with a warning."""
    warning = f"{evidence.name!r} is ignored: it {why}".removesuffix(".")
    return ColumnResult(column_of(evidence, "ignored", reason=reason), (f"{warning}.",))


def column_of(
    evidence: NumericColumn | TextColumn, kind: Kind, reason: str | None = None
) -> Column:
    """Build a Column of the given kind."""
    return Column(
        name=evidence.name,
        kind=kind,
        missing=evidence.missing,
        distinct=evidence.distinct,
        reason=reason,
    )


def numeric(evidence: NumericColumn) -> ColumnResult:
    """Build the result of a numeric column, with warnings about its format and about sentinels."""
    column = replace(
        column_of(evidence, "numeric"), numerals=evidence.numerals, newest=evidence.newest
    )
    written = _format_warning(evidence)
    result = ColumnResult(
        column, shares_of_sum=shares_of_sum(evidence.values), is_ambiguous=evidence.is_ambiguous
    )
    if written and evidence.doubt:
        result = result.with_doubts(f"{written} {evidence.doubt}")
    elif written:
        result = result._replace(warnings=(written,))
    return (
        result
        if evidence.newest
        else result.with_doubts(find_numeric_sentinels(evidence.name, evidence.known))
    )


def _format_warning(evidence: NumericColumn) -> str | None:
    if evidence.newest is not None:
        return (
            f"{evidence.name!r} holds dates and is read as the days from each of them to the "
            "newest."
        )
    if evidence.numerals is None:
        return f"{evidence.name!r} is read as plain numbers." if evidence.doubt else None
    if evidence.numerals.endswith("%"):
        return (
            f"{evidence.name!r} holds percentages written like {evidence.numerals}: 45 % is "
            "read as 45."
        )
    written = evidence.numerals.removesuffix(".")
    return f"{evidence.name!r} is read as numbers written like {written}."
