"""Points in space, seen from above and the side."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Final

import numpy as np

from models.drawing.chart import Anchor, Axis, Floats, Label, Line, Panel, Points
from models.drawing.marks import TEXT, Ground, mark_items
from models.drawing.scene import Item
from models.drawing.words import shortened

LONGEST_TITLE: Final = 260.0
_TURN, _TILT = np.radians(35.0), np.radians(22.0)
_REACH: Final = 0.85  # of the projected corners of a cube from -0.5 to 0.5, and of its titles


def space_items(panel: Panel, ground: Ground) -> Iterator[Item]:
    """Lay out points and the three axes of their space; what is nearer lies above what is farther."""
    axes = (panel.x, panel.y, panel.z or panel.y)
    flat = _flattened(panel, ground)
    for start, end in _edges():
        ends = np.array([start, end], dtype=np.float64)
        x, y, _ = _seen(ends)
        yield from mark_items(Line(x=x, y=y, color="grid", width=1), flat)
    for mark in panel.marks:
        if isinstance(mark, Points) and mark.z is not None:
            x, y, depth = _seen(
                np.column_stack([_unit(v, a) for v, a in zip((mark.x, mark.y, mark.z), axes, strict=True)])
            )
            order = np.argsort(-depth)
            yield from mark_items(replace(mark, x=x[order], y=y[order], z=None), flat)
    for axis, (at, anchor) in zip(axes, _TITLES, strict=True):
        x, y, _ = _seen(np.array([at]))
        text = shortened(axis.title, TEXT, LONGEST_TITLE)
        yield from mark_items(Label(x=float(x[0]), y=float(y[0]), text=text, anchor=anchor), flat)


def _flattened(panel: Panel, ground: Ground) -> Ground:
    """Give the same ground in the units of what is seen."""
    wide = ground.x_per_unit * (panel.x.high - panel.x.low) / (2 * _REACH)
    high = ground.y_per_unit * (panel.y.high - panel.y.low) / (2 * _REACH)
    return replace(ground, x_low=-_REACH, y_low=-_REACH, x_per_unit=wide, y_per_unit=high)


def _unit(values: Floats, axis: Axis) -> Floats:
    return np.asarray((values - axis.low) / (axis.high - axis.low) - 0.5)


def _seen(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Project points of shape (n, 3): right, up, and away from the eye."""
    x, y, z = points.T
    right = x * np.cos(_TURN) - y * np.sin(_TURN)
    away = x * np.sin(_TURN) + y * np.cos(_TURN)
    return right, z * np.cos(_TILT) + away * np.sin(_TILT), away * np.cos(_TILT) - z * np.sin(_TILT)


def _edges() -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Give the edges of the cube."""
    corners = list(product((-0.5, 0.5), repeat=3))
    for a, b in combinations(corners, 2):
        if sum(p != q for p, q in zip(a, b, strict=True)) == 1:
            yield a, b


_TITLES: Final[tuple[tuple[tuple[float, float, float], Anchor], ...]] = (
    ((0.0, -0.5, -0.62), "start"),
    ((-0.5, 0.0, -0.62), "end"),
    ((-0.5, 0.5, 0.6), "middle"),
)
