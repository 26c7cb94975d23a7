"""Scene: the shapes of a laid-out chart, in pixels from the upper left corner."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Anchor
from models.charts.theme import Shape

Pixels = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PathItem:
    """Polylines, one per part of shape (n, 2); filled polygons if `fill` is set."""

    parts: Sequence[Pixels]
    color: str
    width: float = 0.0
    dashed: bool = False
    fill: str | None = None
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Box:
    """A filled rectangle with an optional tooltip."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    tooltip: str = ""


@dataclass(frozen=True, kw_only=True)
class Markers:
    """Markers of one shape at positions of shape (n, 2)."""

    positions: Pixels
    shape: Shape
    size: float
    fill: str
    edge: str


@dataclass(frozen=True, kw_only=True)
class TextItem:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    color: str
    anchor: Anchor = "start"
    bold: bool = False
    angle: float = 0.0


Item = PathItem | Box | Markers | TextItem


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A laid-out chart."""

    title: str
    notes: Sequence[str]
    width: float
    height: float
    background: str
    items: Sequence[Item]


def point(x: float, y: float) -> Pixels:
    """Return a point as an array of shape (1, 2)."""
    return np.array([[x, y]])


def outline(shape: Shape, size: float) -> Pixels:
    """Return the corners of a shape around the origin, shape (n, 2); circles are polygons."""
    turns, radii = _CORNERS[shape]
    angles = 2 * np.pi * (np.asarray(turns) - 0.25)
    return np.asarray(
        np.column_stack([np.cos(angles), np.sin(angles)]) * np.asarray(radii)[:, None] * size / 2
    )


def _regular(n: int, turn: float = 0.0, radius: float = 1.15) -> tuple[list[float], list[float]]:
    return [i / n + turn for i in range(n)], [radius] * n


def _cross(turn: float) -> tuple[list[float], list[float]]:
    """Return the twelve corners of a cross."""
    corner, tip = 0.125, 0.05
    turns = [t + turn for q in range(4) for t in (q / 4 - tip, q / 4 + tip, q / 4 + corner)]
    return turns, [1.3, 1.3, 0.58] * 4


_CORNERS: dict[Shape, tuple[list[float], list[float]]] = {
    "circle": _regular(20, radius=1.0),
    "square": _regular(4, turn=0.125, radius=1.25),
    "up": _regular(3, radius=1.35),
    "diamond": _regular(4, radius=1.35),
    "down": _regular(3, turn=0.5, radius=1.35),
    "plus": _cross(0.0),
    "star": ([i / 10 for i in range(10)], [1.35, 0.6] * 5),
    "cross": _cross(0.125),
}
