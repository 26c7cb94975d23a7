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
    return " and ".join(_describe_feature(asked, columns) for asked in by_feature.values())


def round_numbers(value: float) -> Iterator[float]:
    """Yield ever longer decimals near a value, from one significant digit to the value itself."""
    exact = Decimal(repr(value))
    for digit in range(MAX_DIGITS):
        step = Decimal(1).scaleb(exact.adjusted() - digit)
        yield float(exact.quantize(step, ROUND_HALF_EVEN))
        yield float(exact.quantize(step, ROUND_FLOOR))
    yield value


def _describe_feature(asked: Sequence[Condition], columns: Sequence[RuleColumn]) -> str:
    column = columns[asked[0].column]
    if column.unknown:
        return f"{column.feature} is {'unknown' if asked[0].above else 'known'}"
    if column.category is None:
        return f"{column.feature} {_describe_range(asked, whole=column.whole)}"
    wanted = [columns[each.column].category for each in asked if each.above]
    unwanted = [columns[each.column].category for each in asked if not each.above]
    return f"{column.feature} is {wanted[0] if wanted else _none_of(unwanted)}"


def _none_of(categories: Sequence[str | None]) -> str:
    return (
        f"not {categories[0]}"
        if len(categories) == 1
        else f"neither {' nor '.join(map(str, categories))}"
    )


def _describe_range(asked: Sequence[Condition], *, whole: bool) -> str:
    low = max((each.threshold for each in asked if each.above), default=-math.inf)
    high = min((each.threshold for each in asked if not each.above), default=math.inf)
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
