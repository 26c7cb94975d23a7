"""Conditions of rules: a threshold on one column, and their description in words."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import numpy as np
import numpy.typing as npt

MAX_DIGITS = 15  # as many as every float keeps
GROUPED = 10_000  # from here on digits are grouped; years are not

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RuleColumn:
    """A column of numbers, or of indicators of one `category`, or of `unknown`, of a feature."""

    feature: str
    category: str | None = None
    unknown: bool = False
    whole: bool = False  # integers only, so that a limit can name the first number inside


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A column's value is above a threshold, or at most it."""

    column: int
    above: bool
    threshold: float

    def matches(self, X: Floats) -> Flags:
        """Return a mask of the rows of X (n_customers, n_columns) that meet the condition."""
        above: Flags = X[:, self.column] > self.threshold
        return above if self.above else ~above


def match_all(conditions: Sequence[Condition], X: Floats) -> Flags:
    """Return a mask of the rows of X that meet every condition."""
    met = np.ones(len(X), dtype=bool)
    for condition in conditions:
        met &= condition.matches(X)
    return met


def describe(conditions: Sequence[Condition], columns: Sequence[RuleColumn]) -> str:
    """Write the conditions as one sentence, a feature at a time, in the order of the columns."""
    by_feature: dict[tuple[str, bool], list[Condition]] = {}
    for condition in sorted(conditions, key=lambda each: each.column):
        column = columns[condition.column]
        by_feature.setdefault((column.feature, column.unknown), []).append(condition)
    return " and ".join(_describe_feature(group, columns) for group in by_feature.values())


def round_numbers(value: float) -> Iterator[float]:
    """Yield ever longer decimals near a value, from one significant digit to the value itself."""
    exact = Decimal(repr(value))
    for digit in range(MAX_DIGITS):
        step = Decimal(1).scaleb(exact.adjusted() - digit)
        yield float(exact.quantize(step, ROUND_HALF_EVEN))
        yield float(exact.quantize(step, ROUND_FLOOR))
    yield value


def _describe_feature(conditions: Sequence[Condition], columns: Sequence[RuleColumn]) -> str:
    column = columns[conditions[0].column]
    if column.unknown:
        return f"{column.feature} is {'unknown' if conditions[0].above else 'known'}"
    if column.category is None:
        return f"{column.feature} {_describe_range(conditions, whole=column.whole)}"
    wanted = [columns[each.column].category for each in conditions if each.above]
    if wanted:
        return f"{column.feature} is {wanted[0]}"
    unwanted = [str(columns[each.column].category) for each in conditions]
    if len(unwanted) == 1:
        return f"{column.feature} is not {unwanted[0]}"
    return f"{column.feature} is neither {' nor '.join(unwanted)}"


def _describe_range(conditions: Sequence[Condition], *, whole: bool) -> str:
    low = max((each.threshold for each in conditions if each.above), default=-math.inf)
    high = min((each.threshold for each in conditions if not each.above), default=math.inf)
    if low == -math.inf:
        return f"at most {_write(high)}"
    if high == math.inf:
        return f"above {_write(low)}"
    first, last = (math.floor(low) + 1, math.floor(high)) if whole else (low, high)
    return (
        f"exactly {_write(first)}"
        if first == last
        else f"between {_write(first)} and {_write(last)}"
    )


def _write(number: float) -> str:
    digits = f".{MAX_DIGITS}g" if abs(number) < GROUPED else f",.{MAX_DIGITS}g"
    return format(number + 0.0, digits)
