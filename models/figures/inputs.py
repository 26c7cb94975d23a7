"""Subjects of figures: a dataset, a recommendation, or a version of a model."""

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
from models.scoring import Scorer
from models.summary import Summary
from models.tree import Tree

LOOKED_AT: Final = 10_000  # customers to sample from larger tables
MAX_DRAWN: Final = 2_000
MIN_DRAWN: Final = 20  # of each segment, if it has as many
MAX_SEGMENTS: Final = 24

Cells = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SampledCustomers:
    """Sampled customers in original units.

    Numbers with NaN, texts with None; `n_all` counts the whole table.
    """

    cells: Cells
    n: int
    n_all: int


@dataclass(frozen=True, kw_only=True)
class DatasetInput:
    """A dataset; summary and customers are loaded lazily."""

    columns: Sequence[Column]
    n_customers: int
    summarize: Callable[[], Summary]
    read: Callable[[], SampledCustomers]

    @cached_property
    def summary(self) -> Summary:
        """The summary of the dataset."""
        return self.summarize()

    @cached_property
    def customers(self) -> SampledCustomers:
        """The sampled customers."""
        return self.read()

    @property
    def usable(self) -> list[str]:
        """The names of the numeric and categorical columns that are not constant."""
        return [
            column.name
            for column in self.columns
            if column.name in {*self.names("numeric"), *self.names("categorical")}
        ]

    def names(self, kind: str) -> list[str]:
        """Return the names of the columns of a kind that are not constant."""
        return [
            column.name for column in self.columns if column.kind == kind and column.distinct > 1
        ]


@dataclass(frozen=True, kw_only=True)
class RecommendationInput:
    """A recommended number of segments, and the verdict of each criterion."""

    k: int
    probabilities: Mapping[int, float] | None
    credible_set: Sequence[int]
    verdicts: Sequence[Verdict]

    def verdict(self, criterion: str) -> Verdict | None:
        """Return the verdict of a criterion if it was requested and has scores, else None."""
        return next(
            (each for each in self.verdicts if each.criterion == criterion and each.scores), None
        )


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A segment: its index, name, size, and typical values in original units."""

    index: int
    name: str
    n_customers: int
    share: float
    typical: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class AssignedSample:
    """Sampled customers with their assignments, without unassigned ones.

    Attributes
    ----------
    cells
        Original units, by feature, each of shape (n,).
    points
        Shape (n, d), in prepared units.
    labels, distance, outlier
        Shape (n,): the segment, the distance to its nearest center, and whether that or a value is
        an outlier.
    drawn
        Rows to draw as points, stratified by segment.
    n_all
        Number of customers of the whole table.
    difference
        How the customers differ from those that the version was fitted on; None if they are the
        same.
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
        """Notes on the drawn customers: their number unless all are drawn, and their difference."""
        few = f"{len(self.drawn):,} of {self.n_all:,} customers are drawn, some of every segment."
        return [*([few] if len(self.drawn) < self.n_all else []), *self._difference_notes]

    @property
    def coverage_notes(self) -> list[str]:
        """Notes on the sampled customers.

        Their number unless all are sampled, and their difference.
        """
        few = f"Measured on {len(self.labels):,} of {self.n_all:,} customers."
        return [*([few] if len(self.labels) < self.n_all else []), *self._difference_notes]

    @property
    def _difference_notes(self) -> list[str]:
        return [self.difference] if self.difference else []


@dataclass(frozen=True, kw_only=True)
class VersionInput:
    """A version of a model.

    Its customers are loaded lazily, `read` is None if they are not available.

    `difference` describes how they differ from those that the version was fitted on.
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
        """The segments to draw: all, or the largest if there are too many."""
        largest = sorted(self.segments, key=lambda segment: (-segment.n_customers, segment.index))[
            :MAX_SEGMENTS
        ]
        return sorted(largest, key=lambda segment: segment.index)

    @property
    def notes(self) -> list[str]:
        """A note if some segments are not drawn."""
        if len(self.segments) <= MAX_SEGMENTS:
            return []
        return [f"The {MAX_SEGMENTS} largest of {len(self.segments):,} segments are shown."]

    @property
    def numeric(self) -> list[str]:
        """The names of the numeric features."""
        return [feature.name for feature in self.features if feature.kind == "numeric"]

    @property
    def no_customers_reason(self) -> str | None:
        """The reason if the customers are not available, else None."""
        return (
            None
            if self.read
            else "The customers that this version was fitted on are no longer available."
        )

    @cached_property
    def sample(self) -> AssignedSample:
        """The sampled customers with their assignments."""
        if self.read is None:
            raise LookupError("the customers are gone")
        customers = self.read()
        assigned = self.scorer.assign(customers.cells, customers.n)
        rows = np.flatnonzero(np.isin(assigned.index, [segment.index for segment in self.shown]))
        cells = {name: values[rows] for name, values in customers.cells.items()}
        labels = assigned.index[rows]
        return AssignedSample(
            cells=cells,
            points=prepared_points(self.scorer, self.preparation, cells, len(rows)),
            labels=labels,
            distance=assigned.distance[rows],
            outlier=assigned.outlier[rows],
            drawn=draw_by_segment(labels),
            n_all=customers.n_all,
            difference=self.difference,
        )


def draw_by_segment(labels: Rows) -> Rows:
    """Draw a stratified random sample of about `MAX_DRAWN` customers.

    Each segment adds up to `MIN_DRAWN` customers to its proportional share.

    Parameters
    ----------
    labels
        Shape (n,), the segments.

    Returns
    -------
    ndarray
        The rows of the sample, ascending; reproducible.
    """
    if len(labels) <= MAX_DRAWN:
        return np.arange(len(labels))
    rng = np.random.default_rng(0)
    present, sizes = np.unique(labels, return_counts=True)
    room = max(MAX_DRAWN - MIN_DRAWN * len(present), 0) / len(labels)
    wanted = np.minimum(sizes, MIN_DRAWN + (sizes * room).astype(np.int64))
    chosen = [
        rng.choice(np.flatnonzero(labels == segment), n, replace=False)
        for segment, n in zip(present.tolist(), wanted.tolist(), strict=True)
    ]
    return np.sort(np.concatenate(chosen))
