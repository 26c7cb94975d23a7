"""Comparison of two versions of a model: the flows of customers between their segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Color
from models.contingency import Counts, Floats
from models.figures.inputs import MAX_SEGMENTS

OTHERS: Final = "others"


@dataclass(frozen=True, kw_only=True)
class ComparedSegment:
    """A segment of one version; the matched segment of the other version has the same `key`."""

    key: str
    name: str
    index: int


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The customers of one segment that the later version assigns to another.

    `share` is relative to the source.
    """

    source: ComparedSegment
    target: ComparedSegment
    n_customers: int
    share: float

    @property
    def is_same_segment(self) -> bool:
        """Whether source and target are the same segment."""
        return self.source.key == self.target.key


@dataclass(frozen=True, kw_only=True)
class ComparisonInput:
    """Two versions, by their numbers, applied to the same customers.

    Attributes
    ----------
    before, after
        The segments of each version.
    counts
        Contingency table of shape (n_before, n_after).
    notes
        Notes on the customers.
    """

    numbers: tuple[int, int]
    before: Sequence[ComparedSegment]
    after: Sequence[ComparedSegment]
    counts: Counts
    notes: Sequence[str] = field(default=())

    @property
    def n_customers(self) -> int:
        """Number of customers that both versions assign."""
        return int(self.counts.sum())

    @property
    def n_moved(self) -> int:
        """Number of customers that change their segment."""
        return sum(flow.n_customers for flow in self.flows if not flow.is_same_segment)

    @property
    def empty_reason(self) -> str | None:
        """The reason if nothing can be drawn, else None."""
        return None if self.n_customers else "No customer is assigned by both versions."

    @cached_property
    def flows(self) -> list[Flow]:
        """All flows between segments, the largest first."""
        sizes = self.counts.sum(axis=1).tolist()
        found = [
            Flow(source=self.before[i], target=self.after[j], n_customers=n, share=n / sizes[i])
            for (i, j), n in zip(
                np.ndindex(self.counts.shape), self.counts.ravel().tolist(), strict=True
            )
            if n
        ]
        return sorted(found, key=lambda flow: -flow.n_customers)

    @cached_property
    def colors(self) -> Mapping[str, Color]:
        """The color of each segment by key.

        That of the later version, or an unused one if it is gone there.
        """
        indices: dict[str, Color] = {segment.key: segment.index for segment in self.after}
        gone = [segment.key for segment in self.before if segment.key not in indices]
        return {**{key: len(indices) + i for i, key in enumerate(gone)}, **indices, OTHERS: "muted"}

    @cached_property
    def for_display(self) -> Self:
        """The comparison with small segments merged, ordered for few crossings of ribbons."""
        before, counts = _merge_smallest(self.before, self.counts)
        after, turned = _merge_smallest(self.after, counts.T)
        counts = turned.T
        if len(before) > len(after):
            order = _barycenter_order(counts)
            return replace(
                self, before=[before[i] for i in order], after=after, counts=counts[order]
            )
        order = _barycenter_order(turned)
        return replace(
            self, before=before, after=[after[j] for j in order], counts=counts[:, order]
        )


def _barycenter_order(counts: Counts) -> NDArray[np.intp]:
    """Order the rows of a contingency table by their largest column, then by their mean column."""
    seen = counts @ np.arange(counts.shape[1]) / np.maximum(counts.sum(axis=1), 1)
    return np.lexsort((seen, counts.argmax(axis=1)))


def _merge_smallest(
    segments: Sequence[ComparedSegment], counts: Counts
) -> tuple[Sequence[ComparedSegment], Counts]:
    """Merge the smallest segments, rows of the counts, into one."""
    if len(segments) <= MAX_SEGMENTS:
        return segments, counts
    by_size = np.argsort(-counts.sum(axis=1), kind="stable")
    kept, rest = np.sort(by_size[:MAX_SEGMENTS]), by_size[MAX_SEGMENTS:]
    others = ComparedSegment(key=OTHERS, name=f"{len(rest)} smaller segments", index=len(segments))
    return [*(segments[i] for i in kept), others], np.vstack(
        [counts[kept], counts[rest].sum(axis=0)]
    )


def shares(counts: Counts) -> Floats:
    """Divide each row of a contingency table by its sum; NaN for an empty segment."""
    sizes = counts.sum(axis=1, keepdims=True)
    parts: Floats = np.divide(counts, sizes, out=np.full(counts.shape, np.nan), where=sizes > 0)
    return parts


def moved_title(version: ComparisonInput) -> str:
    """Build the title with the number of customers that move."""
    ways = "from version {} to version {}".format(*version.numbers)
    n, total = version.n_moved, version.n_customers
    return (
        f"{n:,} of {total:,} customers ({100 * n / total:.1f} %) move {ways}"
        if n
        else f"No customer moves {ways}"
    )
