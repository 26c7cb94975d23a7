"""Chart specification, independent of the renderer: marks in data units, on panels with axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Role = Literal["ink", "muted", "grid", "accent", "warm"]
Color = int | Role  # a segment's index, or a role of the theme
Anchor = Literal["start", "middle", "end"]
Tick = tuple[float, str]

TALL: Final = 380.0
WIDE: Final = 900.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points, interrupted at NaN, with an optional hover text per point."""

    x: Floats
    y: Floats
    color: Color = "ink"
    width: float = 2.0
    dashed: bool = False
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points in the color and shape of a segment; three-dimensional if `z` is set."""

    x: Floats
    y: Floats
    z: Floats | None = None
    color: Color = "accent"
    size: float = 6.0
    label: str = ""
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars from `low` to `high`, vertical or `horizontal`."""

    at: Floats
    low: Floats
    high: Floats
    colors: Sequence[Color]
    width: float = 0.8
    horizontal: bool = False
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Area:
    """A filled polygon."""

    x: Floats
    y: Floats
    color: Color
    opacity: float = 0.8
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Heat map cells with texts, colored from `-reach` to `reach`, first row at y = 0.

    NaN stays empty.
    """

    values: Floats
    reach: float
    texts: Sequence[Sequence[str]]
    hover: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Label:
    """A text at a point."""

    x: float
    y: float
    text: str
    color: Color = "ink"
    anchor: Anchor = "middle"


Mark = Line | Points | Bars | Area | Cells | Label


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis with its range, title and ticks; `ticks` defaults to round numbers."""

    low: float
    high: float
    title: str = ""
    ticks: Sequence[Tick] | None = None
    grid: bool = True
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Marks on two axes, or three."""

    x: Axis
    y: Axis
    z: Axis | None = None
    marks: Sequence[Mark]
    title: str = ""
    square: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the legend."""

    color: Color
    label: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart: panels with a title, notes on how to read it, and a legend."""

    title: str
    panels: Sequence[Panel]
    notes: Sequence[str] = ()
    legend: Sequence[Entry] = ()
    columns: int = 1
    height: float = TALL  # of each panel
    width: float = WIDE


def span(*parts: Floats, around: float | None = None, margin: float = 0.05) -> tuple[float, float]:
    """Compute the range of an axis that contains all finite values, with a margin.

    Parameters
    ----------
    *parts
        Values of any shape.
    around
        A value to include without a margin, such as 0 for bars.
    margin
        Share of the range to add at each end.
    """
    values = np.concatenate([np.ravel(part) for part in parts]) if parts else np.empty(0)
    finite = values[np.isfinite(values)]
    ends = [
        *([around] if around is not None else []),
        *([finite.min(), finite.max()] if finite.size else []),
    ]
    low, high = (float(min(ends)), float(max(ends))) if ends else (0.0, 1.0)
    room = margin * (high - low) or max(abs(low) * margin, 0.5)
    return (
        low if low == around else low - room,
        high if high == around and low < high else high + room,
    )


def category_axis(labels: Sequence[str], title: str = "", *, downwards: bool = False) -> Axis:
    """Build an axis with one tick per label at 0, 1, …; `downwards` puts the first at the top."""
    ends = (-0.5, len(labels) - 0.5)
    low, high = reversed(ends) if downwards else ends
    return Axis(low=low, high=high, title=title, ticks=list(enumerate(labels)), grid=False)
