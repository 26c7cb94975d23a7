"""Quality checks of columns.

One warning for all columns with the same problem, without customers' values.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.features import MAX_CATEGORIES
from models.summary.columns import ColumnSummary
from models.summary.distributions import MAX_NUMBER

NEARLY_CONSTANT: Final = 0.99
NEARLY_UNIQUE: Final = 0.9
MIN_ROWS_FOR_UNIQUE: Final = 10  # in smaller tables, distinct values are usual
MOSTLY_ZERO: Final = 0.5
OFTEN_MISSING: Final = 0.05
MOSTLY_MISSING: Final = 0.5
NOTABLE_OUTLIERS: Final = 0.001
FEW_NUMBERS: Final = 5
MAX_NAMED: Final = 12


@dataclass(frozen=True, kw_only=True)
class QualityCheck:
    """A quality check: a function for the problem's figure, and texts for one or more columns.

    A check that `settles` a column skips all later checks of it.
    """

    figure: Callable[[ColumnSummary], str | None]
    one: str
    several: str
    settles: bool = False


def quality_warnings(columns: Sequence[ColumnSummary]) -> Iterator[str]:
    """Yield warnings about problems of columns with advice, unusable columns first."""
    columns_left = [column for column in columns if column.kind in {"numeric", "categorical"}]
    for check in CHECKS:
        figures = {
            column.name: figure for column in columns_left if (figure := check.figure(column))
        }
        if figures:
            yield _format_warning(check, figures)
        if check.settles:
            columns_left = [column for column in columns_left if column.name not in figures]


def missing_warnings(shares: Mapping[str, float]) -> list[str]:
    """Return a warning of the columns that are missing for most customers, by missing shares."""
    figures = {
        name: percent(share) for name, share in shares.items() if MOSTLY_MISSING <= share < 1
    }
    return [_format_warning(MOSTLY_MISSING_CHECK, figures)] if figures else []


def percent(share: float) -> str:
    """Format a share as a percentage."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def format_customers(n: int) -> str:
    """Format a number of customers."""
    return f"{n:,} customer{'' if n == 1 else 's'}"


def _format_warning(check: QualityCheck, figures: dict[str, str]) -> str:
    named = [f"{name!r} ({figure})" for name, figure in figures.items()]
    if len(named) > MAX_NAMED:
        named = [*named[:MAX_NAMED], f"{len(named) - MAX_NAMED} more"]
    if len(named) > 1:
        named = [", ".join(named[:-1]), named[-1]]
    template = check.one if len(figures) == 1 else check.several
    return template.format(" and ".join(named))


def _out_of_range(column: ColumnSummary) -> str | None:
    is_beyond = column.kind == "numeric" and column.distinct and not column.numeric
    return f"beyond {MAX_NUMBER:g}" if is_beyond else None


def _names_customers(column: ColumnSummary) -> str | None:
    return f"{column.distinct:,} numbers" if column.names_customers else None


def _almost_constant(column: ColumnSummary) -> str | None:
    described = column.numeric or column.categorical
    if not described or described.largest_share < NEARLY_CONSTANT:
        return None
    others = round(described.n * (1 - described.largest_share))
    return (
        f"the same for all but {others:,} of {described.n:,} customers"
        if others
        else "the same for all"
    )


def _almost_unique(column: ColumnSummary) -> str | None:
    described = column.categorical
    is_unique = (
        described
        and described.n >= MIN_ROWS_FOR_UNIQUE
        and described.distinct >= NEARLY_UNIQUE * described.n
    )
    return f"{column.distinct:,} values" if is_unique else None


def _too_many_categories(column: ColumnSummary) -> str | None:
    return (
        f"{column.distinct:,} values"
        if column.categorical and column.distinct > MAX_CATEGORIES
        else None
    )


def _majority_missing(column: ColumnSummary) -> str | None:
    return percent(column.missing_share) if MOSTLY_MISSING <= column.missing_share < 1 else None


def _some_missing(column: ColumnSummary) -> str | None:
    return (
        percent(column.missing_share)
        if OFTEN_MISSING <= column.missing_share < MOSTLY_MISSING
        else None
    )


def _skewed(column: ColumnSummary) -> str | None:
    return (
        f"skew {column.numeric.skew:.1f}" if column.numeric and column.numeric.log_helps else None
    )


def _majority_zero(column: ColumnSummary) -> str | None:
    share = column.numeric.zeros_share if column.numeric else 0
    return f"{percent(share)} zeros" if share >= MOSTLY_ZERO else None


def _far_out(column: ColumnSummary) -> str | None:
    numbers = column.numeric
    if not numbers or not numbers.outliers or numbers.log_helps:
        return None
    far = numbers.outliers.below + numbers.outliers.above
    return format_customers(far) if far >= max(NOTABLE_OUTLIERS * numbers.n, 1) else None


def _few_numbers(column: ColumnSummary) -> str | None:
    few = (
        column.numeric
        and column.numeric.whole_numbers
        and column.distinct <= FEW_NUMBERS
        and not column.doubts
    )
    return f"{column.distinct} different numbers" if few else None


MOSTLY_MISSING_CHECK: Final = QualityCheck(
    figure=_majority_missing,
    one="{} is missing for most customers, so most of its values would be imputed: set its kind to "
    "ignored. If only its presence matters, send that as yes and no.",
    several="{} are missing for most customers, so most of their values would be imputed: set "
    "their kind to ignored. If only their presence matters, send that as yes and no.",
    settles=True,
)
CHECKS: Final = (
    QualityCheck(
        figure=_out_of_range,
        one="{} holds a number that no fit accepts: correct it, or set the column's kind to "
        "ignored.",
        several="{} hold numbers that no fit accepts: correct them, or set the columns' kind to "
        "ignored.",
        settles=True,
    ),
    QualityCheck(
        figure=_names_customers,
        one="{} is different for every customer, like a running number: it names customers and "
        "measures nothing. Set its kind to identifier.",
        several="{} are different for every customer, like running numbers: they name customers "
        "and measure nothing. "
        "Set their kind to identifier.",
        settles=True,
    ),
    QualityCheck(
        figure=_almost_constant,
        one="{} hardly distinguishes customers: set its kind to ignored.",
        several="{} hardly distinguish customers: set their kind to ignored.",
        settles=True,
    ),
    QualityCheck(
        figure=_almost_unique,
        one="{} is different for nearly every customer, so it forms no groups: set its kind to "
        "ignored.",
        several="{} are different for nearly every customer, so they form no groups: set their "
        "kind to ignored.",
        settles=True,
    ),
    QualityCheck(
        figure=_too_many_categories,
        one=f"{{}} has more than the {MAX_CATEGORIES} different values that a fit supports: "
        "group them, such as towns into regions, or set its kind to ignored.",
        several=f"{{}} have more than the {MAX_CATEGORIES} different values that a fit "
        "supports: group them, such as towns into regions, or set their kind to ignored.",
        settles=True,
    ),
    MOSTLY_MISSING_CHECK,
    QualityCheck(
        figure=_some_missing,
        one="{} is missing for many customers, and a fit imputes a typical value: complete it if "
        "you can, or leave it out.",
        several="{} are missing for many customers, and a fit imputes typical values: complete "
        "them if you can, or leave them out.",
    ),
    QualityCheck(
        figure=_skewed,
        one="{} is skewed: a few customers have far more than all others. A fit takes its "
        "logarithm, so that they do not outweigh the others, unless you set log to false.",
        several="{} are skewed: in each, a few customers have far more than all others. A fit "
        "takes their logarithms, "
        "so that those few do not outweigh the others, unless you set log to false.",
    ),
    QualityCheck(
        figure=_majority_zero,
        one="{} is mostly zero: it mainly separates customers with any from customers without. If "
        "only that matters, send it as yes and no.",
        several="{} are mostly zero: each mainly separates customers with any from customers "
        "without. If only that matters, send them as yes and no.",
    ),
    QualityCheck(
        figure=_far_out,
        one="{} holds numbers far beyond the usual range: check whether they are mistakes. A fit "
        "clips them to that range.",
        several="{} hold numbers far beyond the usual range: check whether they are mistakes. A "
        "fit clips them to that range.",
    ),
    QualityCheck(
        figure=_few_numbers,
        one="{} is read as an amount, such as the number of children. If it is a code, such as "
        "for regions, set its kind to categorical.",
        several="{} are read as amounts, such as the number of children. If they are codes, such "
        "as for regions, set their kind to categorical.",
    ),
)
