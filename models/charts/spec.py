"""What a figure shows, said once for every way to draw it: marks in their own units, on panels with axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Role = Literal["ink", "muted", "grid", "accent", "warm"]
Color = int | Role  # a segment by its index, or what something is for
Anchor = Literal["start", "middle", "end"]
Tick = tuple[float, str]

TALL: Final = 380.0
WIDE: Final = 900.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points; NaN interrupts it. Without a `hover` text for each point it says nothing."""

    x: Floats
    y: Floats
    color: Color = "ink"
    width: float = 2.0
    dashed: bool = False
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points in the color and shape of a segment; with `z` in space."""

    x: Floats
    y: Floats
    z: Floats | None = None
    color: Color = "accent"
    size: float = 6.0
    label: str = ""
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars from `low` to `high`, one beside the other or, if `horizontal`, one below the other."""

    at: Floats
    low: Floats
    high: Floats
    colors: Sequence[Color]
    width: float = 0.8
    horizontal: bool = False
    hover: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Area:
    """A filled outline."""

    x: Floats
    y: Floats
    color: Color
    opacity: float = 0.8
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A table of colors from `-reach` to `reach`, the first row at y = 0; NaN stays empty. Texts stand in the cells."""

    values: Floats
    reach: float
    texts: Sequence[Sequence[str]]
    hover: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Label:
    """A few words at a place."""

    x: float
    y: float
    text: str
    color: Color = "ink"
    anchor: Anchor = "middle"


Mark = Line | Points | Bars | Area | Cells | Label


@dataclass(frozen=True, kw_only=True)
class Axis:
    """From where to where, what it measures, and its ticks: round numbers unless some are given."""

    low: float
    high: float
    title: str = ""
    ticks: Sequence[Tick] | None = None
    grid: bool = True
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Marks between two axes, or three."""

    x: Axis
    y: Axis
    z: Axis | None = None
    marks: Sequence[Mark]
    title: str = ""
    square: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the legend."""

    color: Color
    label: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture: its title says what is seen, its notes how to read it."""

    title: str
    panels: Sequence[Panel]
    notes: Sequence[str] = ()
    legend: Sequence[Entry] = ()
    columns: int = 1
    height: float = TALL  # of each panel
    width: float = WIDE


def span(*parts: Floats, around: float | None = None, margin: float = 0.05) -> tuple[float, float]:
    """Give the ends of an axis on which all finite values lie, with a margin; `around` lies on it, too, without one.

    Parameters
    ----------
    *parts
        Values of any shape.
    around
        A value that is an end or lies between the ends, such as 0 for bars.
    margin
        As a share of the range.
    """
    values = np.concatenate([np.ravel(part) for part in parts]) if parts else np.empty(0)
    finite = values[np.isfinite(values)]
    ends = [*([around] if around is not None else []), *([finite.min(), finite.max()] if finite.size else [])]
    low, high = (float(min(ends)), float(max(ends))) if ends else (0.0, 1.0)
    room = margin * (high - low) or max(abs(low) * margin, 0.5)
    return low if low == around else low - room, high if high == around and low < high else high + room


def numbered_axis(labels: Sequence[str], title: str = "", *, downwards: bool = False) -> Axis:
    """Give an axis with one place for each label, from 0 on; `downwards` for the first to stand at the top."""
    ends = (-0.5, len(labels) - 0.5)
    low, high = reversed(ends) if downwards else ends
    return Axis(low=low, high=high, title=title, ticks=list(enumerate(labels)), grid=False)
