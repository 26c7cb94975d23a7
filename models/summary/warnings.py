"""Warnings of a summary.

Unusable tables, row orders, correlated columns, quality problems and duplicates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.summary.columns import ColumnSummary
from models.summary.correlations import Correlation
from models.summary.quality_checks import format_customers, percent, quality_warnings
from models.summary.row_order import RowOrder

SAME: Final = 0.999  # absolute correlation; less than 1, since copies may be rounded
NEARLY_THE_SAME: Final = 0.95
MAX_PAIRS: Final = 10
NOTABLE_DUPLICATES: Final = 0.01  # share of the customers; a few equal rows occur by chance


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The results of all checks of a table.

    `compared` is the number of columns that were correlated.
    """

    n_customers: int
    customer_id: str
    columns: Sequence[ColumnSummary]
    compared: int
    orders: Sequence[RowOrder]
    correlations: Sequence[Correlation]
    duplicates: int


def summary_warnings(found: Findings) -> Iterator[str]:
    """Yield warnings with advice, the most serious first."""
    n_usable = sum(column.usable for column in found.columns)
    if n_usable == 0:
        yield (
            "No column distinguishes customers: each is an identifier, ignored, or the same for "
            "all customers."
        )
    yield from dict.fromkeys(doubt for column in found.columns for doubt in column.doubts)
    yield from (_row_order_warning(order, found.customer_id) for order in found.orders)
    yield from _correlation_warnings(found.correlations)
    yield from quality_warnings(found.columns)
    yield from _duplicates_warning(found)
    if n_usable > found.compared:
        yield (
            f"Only the first {found.compared} of {n_usable} usable columns were compared with each "
            "other."
        )


def _row_order_warning(order: RowOrder, customer_id: str) -> str:
    leader = repr(customer_id) if order.by_id else "the order of the rows"
    return (
        f"{order.column!r} {'rises' if order.value > 0 else 'falls'} with {leader} (correlation "
        f"{order.value:.2f}). If "
        "the table was merely sorted by it, all is well. If it is a counter or the "
        "date of a first purchase, segments by it only separate old customers from new ones: leave "
        "it out."
    )


def _correlation_warnings(correlations: Sequence[Correlation]) -> Iterator[str]:
    strongest: dict[tuple[str, str], Correlation] = {}
    for pair in correlations:
        if abs(pair.value) > NEARLY_THE_SAME:
            strongest.setdefault((pair.a, pair.b), pair)
    yield from map(_pair_warning, list(strongest.values())[:MAX_PAIRS])
    if len(strongest) > MAX_PAIRS:
        yield (
            f"{len(strongest) - MAX_PAIRS:,} more pairs of columns hold nearly the same; see the "
            "correlations."
        )


def _pair_warning(pair: Correlation) -> str:
    both, value = f"{pair.a!r} and {pair.b!r}", f"(correlation {pair.value:.3f})"
    if abs(pair.value) > SAME:
        return f"{both} hold the same {value}, which would count twice: leave one of them out."
    return f"{both} hold nearly the same {value}: reduce the weight of one, or leave it out."


def _duplicates_warning(found: Findings) -> Iterator[str]:
    if found.duplicates < max(NOTABLE_DUPLICATES * found.n_customers, 1):
        return
    share = percent(found.duplicates / found.n_customers)
    yield (
        f"{format_customers(found.duplicates)} ({share}) cannot be distinguished from an earlier "
        "one by any usable column. With few or coarse columns that is normal; otherwise check "
        "whether a customer is in the table twice, under two ids."
    )
