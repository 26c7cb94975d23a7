"""Shared parts of the figures of segments: legend, axis with a row per segment, and box plots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Axis, Bars, Color, Entry, Line, Mark, category_axis
from models.figures.inputs import Segment, VersionInput
from models.statistics import INNER_FENCE, fences

Floats = NDArray[np.float64]

ROW: Final = 26.0
AROUND_ROWS: Final = 70.0
BOX: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class BoxStats:
    """Quartiles, median, and the extreme values within 1.5 IQR of the quartiles."""

    low: float
    q1: float
    median: float
    q3: float
    high: float


def legend(version: VersionInput) -> list[Entry]:
    """Build the legend of the segments."""
    return [Entry(color=segment.index, label=segment.name) for segment in version.shown]


def rows(segments: Sequence[Segment]) -> Axis:
    """Build an axis with one row per segment, the first at the top."""
    return category_axis([segment.name for segment in segments], downwards=True)


def height(n_rows: int) -> float:
    """Return the height of a panel with `n_rows` rows."""
    return ROW * n_rows + AROUND_ROWS


def box_stats(values: Floats) -> BoxStats | None:
    """Compute the box plot statistics of values (Tukey 1977); None without known values."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    q1, median, q3 = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
    low, high = fences(q1, q3, INNER_FENCE)
    near = known[(known >= low) & (known <= high)]
    return BoxStats(low=float(near.min()), q1=q1, median=median, q3=q3, high=float(near.max()))


def box(found: BoxStats, at: float, color: Color, hover: str) -> Iterator[Mark]:
    """Yield a horizontal box with its whiskers."""
    ends, row = np.array([found.low, found.high]), np.array([at])
    yield Line(x=ends, y=np.array([at, at]), color=color, width=1.5)
    sides = {"low": np.array([found.q1]), "high": np.array([found.q3])}
    yield Bars(at=row, **sides, colors=[color], width=BOX, horizontal=True, hover=[hover])
    middle = np.array([found.median, found.median])
    yield Line(x=middle, y=at + np.array([-BOX, BOX]) / 2, color="ink", width=2.5)
