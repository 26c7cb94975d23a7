"""What figures are of: an explored dataset, a judged number of segments, a segmented table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.columns.column import Column
from models.criteria.base import Verdict
from models.features import Feature
from models.figures.prepared_points import prepared_points
from models.scoring import AssignmentResult, Scorer
from models.summary import Summary
from models.tree import Tree

LOOKED_AT: Final = 10_000  # customers, drawn by chance where there are more
DRAWN: Final = 2_000
LEAST_DRAWN: Final = 20  # of each segment, if it has as many
MOST_SEGMENTS: Final = 24

Cells = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SampledCustomers:
    """Some customers of a table: numbers with NaN, texts with None, in own units; `n_all` counts those of the table."""

    cells: Cells
    n: int
    n_all: int


@dataclass(frozen=True, kw_only=True)
class DatasetInput:
    """A dataset; what takes reading it is read when it is asked for."""

    columns: Sequence[Column]
    n_customers: int
    summarize: Callable[[], Summary]
    read: Callable[[], SampledCustomers]

    @cached_property
    def summary(self) -> Summary:
        """What its columns hold."""
        return self.summarize()

    @cached_property
    def customers(self) -> SampledCustomers:
        """Some of its customers."""
        return self.read()

    @property
    def usable(self) -> list[str]:
        """Name the columns of numbers and categories that do not say the same of everybody."""
        return [
            column.name
            for column in self.columns
            if column.name in {*self.names("numeric"), *self.names("categorical")}
        ]

    def names(self, kind: str) -> list[str]:
        """Name the columns of a kind that do not say the same of everybody."""
        return [column.name for column in self.columns if column.kind == kind and column.distinct > 1]


@dataclass(frozen=True, kw_only=True)
class RecommendationInput:
    """A recommendation: what each criterion says, and what follows."""

    k: int
    probabilities: Mapping[int, float] | None
    credible_set: Sequence[int]
    verdicts: Sequence[Verdict]

    def verdict(self, criterion: str) -> Verdict | None:
        """Find what a criterion says, if it was asked and has something to say."""
        return next((each for each in self.verdicts if each.criterion == criterion and each.scores), None)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A segment as figures need it: who it is, how large, and what is typical of it in own units."""

    index: int
    name: str
    n_customers: int
    share: float
    typical: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class AssignedSample:
    """Some customers with their places, those without one left out.

    Attributes
    ----------
    cells
        In own units, by feature, each of shape (n,).
    points
        Shape (n, d), in prepared units.
    labels, distance, outlier
        Shape (n,): the segment, the distance to its nearest center, and whether that or a value is unusual.
    drawn
        Which of them single points are drawn for, by segment.
    n_all
        How many customers the table has.
    difference
        Why these are others than those whom the version learned from, where they are.
    """

    cells: Cells
    points: Floats
    labels: Rows
    distance: Floats
    outlier: NDArray[np.bool_]
    drawn: Rows
    n_all: int
    difference: str | None

    @property
    def notes(self) -> list[str]:
        """Say how many customers are drawn, where not all are, and which, where that is not plain."""
        few = f"{len(self.drawn):,} of {self.n_all:,} customers are drawn, some of every segment."
        return [*([few] if len(self.drawn) < self.n_all else []), *self._others]

    @property
    def sampled(self) -> list[str]:
        """Say how many customers were looked at, where not all were, and which, where that is not plain."""
        few = f"Measured on {len(self.labels):,} of {self.n_all:,} customers."
        return [*([few] if len(self.labels) < self.n_all else []), *self._others]

    @property
    def _others(self) -> list[str]:
        return [self.difference] if self.difference else []


@dataclass(frozen=True, kw_only=True)
class VersionInput:
    """A version of a model; its customers are read when they are asked for, None where they are gone.

    `difference` says why these are others than those whom it learned from, where they are.
    """

    segments: Sequence[Segment]
    features: Sequence[Feature]
    preparation: Sequence[Mapping[str, Any]]
    scorer: Scorer
    tree: Tree | None
    read: Callable[[], SampledCustomers] | None
    difference: str | None = None

    @property
    def shown(self) -> list[Segment]:
        """The segments that are drawn: the largest, where there are too many to tell apart."""
        largest = sorted(self.segments, key=lambda segment: (-segment.n_customers, segment.index))[:MOST_SEGMENTS]
        return sorted(largest, key=lambda segment: segment.index)

    @property
    def notes(self) -> list[str]:
        """Say that some segments are not drawn."""
        if len(self.segments) <= MOST_SEGMENTS:
            return []
        return [f"The {MOST_SEGMENTS} largest of {len(self.segments):,} segments are shown."]

    @property
    def numeric(self) -> list[str]:
        """Name the numeric features."""
        return [feature.name for feature in self.features if feature.kind == "numeric"]

    @property
    def unseen(self) -> str | None:
        """Why nothing of its customers can be drawn, where that is so."""
        return None if self.read else "The customers that this version learned from are not there any more."

    @cached_property
    def placed(self) -> AssignedSample:
        """Some of its customers, placed."""
        if self.read is None:
            raise LookupError("the customers are gone")
        customers = self.read()
        assigned = self.scorer.assign(customers.cells, customers.n)
        return _placed(self, customers, assigned)


def draw_by_segment(labels: Rows, *, most: int = DRAWN, least: int = LEAST_DRAWN) -> Rows:
    """Choose customers by chance, from each segment as its share asks, but a few of every segment.

    Parameters
    ----------
    labels
        Shape (n,), the segments.
    most
        How many are chosen in all, about: small segments get `least` beyond their share.

    Returns
    -------
    ndarray
        Their places, ascending; the same ones each time.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(0)
    present, sizes = np.unique(labels, return_counts=True)
    room = max(most - least * len(present), 0) / len(labels)
    wanted = np.minimum(sizes, least + (sizes * room).astype(np.int64))
    chosen = [
        rng.choice(np.flatnonzero(labels == segment), n, replace=False)
        for segment, n in zip(present.tolist(), wanted.tolist(), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _placed(version: VersionInput, customers: SampledCustomers, assigned: AssignmentResult) -> AssignedSample:
    rows = np.flatnonzero(np.isin(assigned.index, [segment.index for segment in version.shown]))
    cells = {name: values[rows] for name, values in customers.cells.items()}
    labels = assigned.index[rows]
    return AssignedSample(
        cells=cells,
        points=prepared_points(version.scorer, version.preparation, cells, len(rows)),
        labels=labels,
        distance=assigned.distance[rows],
        outlier=assigned.outlier[rows],
        drawn=draw_by_segment(labels),
        n_all=customers.n_all,
        difference=version.difference,
    )
