"""Shapes at their places, in pixels from the upper left corner: what a chart becomes when it is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Anchor
from models.charts.theme import Shape

Pixels = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """Lines through points of shape (n, 2), one for each part; outlines where they are filled."""

    parts: Sequence[Pixels]
    color: str
    width: float = 0.0
    dashed: bool = False
    fill: str | None = None
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Box:
    """A filled rectangle; `says` is shown when one points at it."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Markers:
    """The same shape at many places of shape (n, 2)."""

    places: Pixels
    shape: Shape
    size: float
    fill: str
    edge: str


@dataclass(frozen=True, kw_only=True)
class TextItem:
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    color: str
    anchor: Anchor = "start"
    bold: bool = False
    angle: float = 0.0


Item = Stroke | Box | Markers | TextItem


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A whole picture, laid out."""

    title: str
    notes: Sequence[str]
    width: float
    height: float
    background: str
    items: Sequence[Item]


def place(x: float, y: float) -> Pixels:
    """Give a single place, shape (1, 2)."""
    return np.array([[x, y]])


def outline(shape: Shape, size: float) -> Pixels:
    """Give the corners of a shape around the origin, shape (n, 2); a circle has many."""
    turns, radii = _CORNERS[shape]
    angles = 2 * np.pi * (np.asarray(turns) - 0.25)
    return np.asarray(np.column_stack([np.cos(angles), np.sin(angles)]) * np.asarray(radii)[:, None] * size / 2)


def _regular(n: int, turn: float = 0.0, radius: float = 1.15) -> tuple[list[float], list[float]]:
    return [i / n + turn for i in range(n)], [radius] * n


def _triangle(n: int, inner: float, turn: float = 0.0) -> tuple[list[float], list[float]]:
    return [i / (2 * n) + turn for i in range(2 * n)], [1.35, inner] * n


def _crossed(turn: float) -> tuple[list[float], list[float]]:
    """Two bars across one another, as twelve corners."""
    corner, tip = 0.125, 0.05
    turns = [t + turn for q in range(4) for t in (q / 4 - tip, q / 4 + tip, q / 4 + corner)]
    return turns, [1.3, 1.3, 0.58] * 4


_CORNERS: dict[Shape, tuple[list[float], list[float]]] = {
    "circle": _regular(20, radius=1.0),
    "square": _regular(4, turn=0.125, radius=1.25),
    "up": _regular(3, radius=1.35),
    "diamond": _regular(4, radius=1.35),
    "down": _regular(3, turn=0.5, radius=1.35),
    "plus": _crossed(0.0),
    "star": _triangle(5, 0.6),
    "cross": _crossed(0.125),
}
