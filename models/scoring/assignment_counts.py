"""Counts of imputed features, unknown categories and outliers among assigned customers.

Standard library and numpy.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Final

import numpy as np

from models.scoring.result import AssignmentResult

MIN_REPORTED_SHARE: Final = 0.2
MIN_CUSTOMERS: Final = 10  # of fewer, all may well be in one segment, or have little of something
# Of the typical value; larger differences are outliers, but small numbers may lie in the fences.
SMALL: Final = 0.05
MAX_NAMED: Final = 10


@dataclass(kw_only=True)
class AssignmentCounts:
    """Counts over batches of assigned customers.

    Attributes
    ----------
    n_assigned, n_rejected, n_outliers
        Numbers of customers.
    n_far
        The number of outliers that are far from the center of their segment.
    segments
        The customers of each segment, by index.
    imputed, unknown, outliers
        By feature the number of customers whose value was missing, of an unknown category, or
        beyond a fence.
    sizes
        By feature its numbers as multiples of the typical one, summed over the customers.
    """

    n_assigned: int = 0
    n_rejected: int = 0
    n_outliers: int = 0
    n_far: int = 0
    segments: Counter[int] = field(default_factory=Counter)
    imputed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    outliers: Counter[str] = field(default_factory=Counter)
    sizes: defaultdict[str, float] = field(default_factory=partial(defaultdict, float))

    def add(self, assigned: AssignmentResult, sizes: Mapping[str, float] | None = None) -> None:
        """Count a batch, whose numbers are on average such multiples of the typical ones."""
        for name, size in (sizes or {}).items():
            self.sizes[name] += size * len(assigned.index)
        segments, n_members = np.unique(assigned.index[assigned.index >= 0], return_counts=True)
        self.segments.update(dict(zip(segments.tolist(), n_members.tolist(), strict=True)))
        self.n_assigned += int(n_members.sum())
        self.n_rejected += len(assigned.errors)
        self.n_outliers += int(assigned.outlier.sum())
        self.imputed.update(chain.from_iterable(assigned.imputed.values()))
        self.unknown.update(chain.from_iterable(assigned.unknown.values()))
        for reasons in assigned.outlier_reasons.values():
            features = {reason.feature for reason in reasons}
            self.n_far += None in features
            self.outliers.update(feature for feature in features if feature is not None)

    def of_feature(self, name: str) -> dict[str, int]:
        """Return the counts of one feature."""
        return {
            "imputed": self.imputed[name],
            "unknown": self.unknown[name],
            "outliers": self.outliers[name],
        }

    def warnings(self, *, missing_columns: Sequence[str], n_segments: int) -> list[str]:
        """Return warnings of customers that differ from those that the model was fitted on.

        Parameters
        ----------
        missing_columns
            The features that are no columns of the table.
        n_segments
            The number of segments of the model.
        """
        return [
            *self._rejected(missing_columns),
            *self._imputed(missing_columns),
            *self._unknown(),
            *self._outliers(),
            *self._small(),
            *self._one_segment(n_segments),
        ]

    def _rejected(self, missing_columns: Sequence[str]) -> Iterator[str]:
        n = self.n_assigned + self.n_rejected
        if self.n_rejected > MIN_REPORTED_SHARE * n:
            lacks = (
                f"; the dataset has no column {', '.join(missing_columns[:MAX_NAMED])}"
                if missing_columns
                else ""
            )
            yield (
                f"{self.n_rejected:,} of {n:,} customers are rejected: see the column "
                f"'rejected'{lacks}"
            )

    def _imputed(self, missing_columns: Collection[str]) -> Iterator[str]:
        for name, count in self._frequent(self.imputed):
            why = ", since the dataset has no such column" if name in missing_columns else ""
            yield f"{count} customers: {name} imputed{why}"
        yield from self._more(self.imputed, "are imputed")

    def _unknown(self) -> Iterator[str]:
        for name, count in self._frequent(self.unknown):
            yield (
                f"{count} customers: {name} unknown, a category that the model has not learned; "
                "compare the spelling"
            )
        yield from self._more(self.unknown, "are unknown")

    def _outliers(self) -> Iterator[str]:
        for name, count in self._frequent(self.outliers):
            yield (
                f"{count} are outliers ({name}): beyond the values that the model has learned; "
                "compare the units"
            )
        yield from self._more(self.outliers, "have outliers")
        if self._is_frequent(self.n_far) and not any(
            map(self._is_frequent, self.outliers.values())
        ):
            yield f"{self._of_all(self.n_far)} are outliers: far from the center of their segment"

    def _small(self) -> Iterator[str]:
        n = self.n_assigned + self.n_rejected
        small = [
            name
            for name, size in self.sizes.items()
            if abs(size) < SMALL * n and n >= MIN_CUSTOMERS
        ]
        for name in small[:MAX_NAMED]:
            if not self._is_frequent(self.outliers[name]):
                yield f"{name} is much smaller than what the model has learned; compare the units"

    def _one_segment(self, n_segments: int) -> Iterator[str]:
        if n_segments > 1 and len(self.segments) == 1 and self.n_assigned >= MIN_CUSTOMERS:
            yield (
                f"all {self.n_assigned:,} customers are in one segment; the model has "
                f"{n_segments:,}"
            )

    def _frequent(self, counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        notable = ((name, self._of_all(n)) for name, n in counts.items() if self._is_frequent(n))
        return islice(notable, MAX_NAMED)

    def _more(self, counts: Mapping[str, int], state: str) -> Iterator[str]:
        n = sum(map(self._is_frequent, counts.values())) - MAX_NAMED
        if n > 0:
            yield (
                f"{n:,} more features {state} for more than "
                f"{100 * MIN_REPORTED_SHARE:.0f} % of the customers"
            )

    def _is_frequent(self, n: int) -> bool:
        return n > MIN_REPORTED_SHARE * self.n_assigned

    def _of_all(self, n: int) -> str:
        return f"{n:,} of {self.n_assigned:,}"
