"""Two versions of a model, and how many customers they place where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Color
from models.contingency import Counts, Floats
from models.figures.inputs import MOST_SEGMENTS

OTHERS: Final = "others"


@dataclass(frozen=True, kw_only=True)
class ComparedSegment:
    """A segment as one of the versions has it: under the same `key` it goes on in the other one."""

    key: str
    name: str
    index: int


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Customers of one segment, and where the later version places them; `share` is that of their segment."""

    source: ComparedSegment
    target: ComparedSegment
    n_customers: int
    share: float

    @property
    def stays(self) -> bool:
        """Whether their segment goes on with them."""
        return self.source.key == self.target.key


@dataclass(frozen=True, kw_only=True)
class ComparisonInput:
    """Two versions, by their numbers, on the same customers.

    Attributes
    ----------
    before, after
        The segments of either.
    counts
        Shape (n_before, n_after), the customers in each segment of the one and of the other.
    notes
        What there is to know of the customers.
    """

    numbers: tuple[int, int]
    before: Sequence[ComparedSegment]
    after: Sequence[ComparedSegment]
    counts: Counts
    notes: Sequence[str] = field(default=())

    @property
    def n_customers(self) -> int:
        """How many customers both versions place."""
        return int(self.counts.sum())

    @property
    def n_moved(self) -> int:
        """How many of them are in another segment."""
        return sum(flow.n_customers for flow in self.flows if not flow.stays)

    @property
    def empty(self) -> str | None:
        """Why nothing can be drawn, where that is so."""
        return None if self.n_customers else "There is no customer whom both versions place."

    @cached_property
    def flows(self) -> list[Flow]:
        """Everybody, by where they come from and where they go; the most first."""
        sizes = self.counts.sum(axis=1).tolist()
        found = [
            Flow(source=self.before[i], target=self.after[j], n_customers=n, share=n / sizes[i])
            for (i, j), n in zip(np.ndindex(self.counts.shape), self.counts.ravel().tolist(), strict=True)
            if n
        ]
        return sorted(found, key=lambda flow: -flow.n_customers)

    @cached_property
    def colors(self) -> Mapping[str, Color]:
        """The color of each segment by its key: as in the later version, or one that no segment has there."""
        places: dict[str, Color] = {party.key: party.index for party in self.after}
        gone = [party.key for party in self.before if party.key not in places]
        return {**{key: len(places) + i for i, key in enumerate(gone)}, **places, OTHERS: "muted"}

    @cached_property
    def arranged(self) -> Self:
        """The same with the smallest segments as one where there are too many, and few ribbons across one another."""
        before, counts = _joined(self.before, self.counts)
        after, turned = _joined(self.after, counts.T)
        counts = turned.T
        if len(before) > len(after):
            order = _arrange_beside(counts)
            return replace(self, before=[before[i] for i in order], after=after, counts=counts[order])
        order = _arrange_beside(turned)
        return replace(self, before=before, after=[after[j] for j in order], counts=counts[:, order])


def _arrange_beside(counts: Counts) -> NDArray[np.intp]:
    """Order segments, each a row of the counts, by the one that most of their customers are in, then by all."""
    seen = counts @ np.arange(counts.shape[1]) / np.maximum(counts.sum(axis=1), 1)
    return np.lexsort((seen, counts.argmax(axis=1)))


def _joined(parties: Sequence[ComparedSegment], counts: Counts) -> tuple[Sequence[ComparedSegment], Counts]:
    """Make one of the smallest segments, each a row of the counts."""
    if len(parties) <= MOST_SEGMENTS:
        return parties, counts
    by_size = np.argsort(-counts.sum(axis=1), kind="stable")
    kept, rest = np.sort(by_size[:MOST_SEGMENTS]), by_size[MOST_SEGMENTS:]
    others = ComparedSegment(key=OTHERS, name=f"{len(rest)} smaller segments", index=len(parties))
    return [*(parties[i] for i in kept), others], np.vstack([counts[kept], counts[rest].sum(axis=0)])


def shares(counts: Counts) -> Floats:
    """Give where the customers of each segment go, as shares of it; NaN of an empty one."""
    sizes = counts.sum(axis=1, keepdims=True)
    parts: Floats = np.divide(counts, sizes, out=np.full(counts.shape, np.nan), where=sizes > 0)
    return parts


def n_moved_customers(version: ComparisonInput) -> str:
    """Say how many move, and between which versions."""
    ways = "from version {} to version {}".format(*version.numbers)
    n, total = version.n_moved, version.n_customers
    return f"{n:,} of {total:,} customers ({100 * n / total:.1f} %) move {ways}" if n else f"Nobody moves {ways}"
