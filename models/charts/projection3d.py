"""Points in space, seen from above and the side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Final

import numpy as np

from models.charts.render_marks import TEXT, PlotArea, mark_items
from models.charts.scene import Item, TextItem
from models.charts.spec import Anchor, Axis, Floats, Line, Panel, Points
from models.charts.text_metrics import shortened, width
from models.charts.ticks import ticks_of

SMALL: Final = 11.0
MOST_TICKS: Final = 4
_TURN, _TILT = np.radians(35.0), np.radians(22.0)
_REACH: Final = 0.85  # of the projected corners of a cube from -0.5 to 0.5, and of the words around it

Place = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class _Edge:
    """The edge of the cube along which an axis is labelled, from its low to its high end, and where its words stand."""

    start: Place
    end: Place
    anchor: Anchor
    beside: tuple[float, float]  # pixels from the edge to a tick
    upright: bool = False


_EDGES: Final = (
    _Edge(start=(-0.5, -0.5, -0.5), end=(0.5, -0.5, -0.5), anchor="start", beside=(4, 14)),
    _Edge(start=(-0.5, -0.5, -0.5), end=(-0.5, 0.5, -0.5), anchor="end", beside=(-4, 14)),
    _Edge(start=(-0.5, 0.5, -0.5), end=(-0.5, 0.5, 0.5), anchor="end", beside=(-6, 4), upright=True),
)


def projection_items(panel: Panel, ground: PlotArea) -> Iterator[Item]:
    """Lay out points and the three axes of their space; of each mark, what is nearer lies above what is farther."""
    axes = (panel.x, panel.y, panel.z or panel.y)
    flat = _flattened(panel, ground)
    for start, end in _cube():
        x, y, _ = _project(np.array([start, end], dtype=np.float64))
        yield from mark_items(Line(x=x, y=y, color="grid", width=1), flat)
    for mark in panel.marks:
        if isinstance(mark, Points) and mark.z is not None:
            x, y, depth = _project(
                np.column_stack([_unit(v, a) for v, a in zip((mark.x, mark.y, mark.z), axes, strict=True)])
            )
            order = np.argsort(-depth)
            yield from mark_items(replace(mark, x=x[order], y=y[order], z=None), flat)
    for axis, edge in zip(axes, _EDGES, strict=True):
        yield from _axis(axis, edge, flat)


def _axis(axis: Axis, edge: _Edge, ground: PlotArea) -> Iterator[Item]:
    """Write numbers along an edge, and beyond them what they measure, as aslant as the edge is."""
    start, end = _pixels(np.array([edge.start, edge.end]), ground)
    ticks = ticks_of(axis, most=MOST_TICKS)
    for at, label in ticks:
        x, y = start + (at - axis.low) / (axis.high - axis.low) * (end - start) + edge.beside
        yield TextItem(x=x, y=y, text=label, size=SMALL, color=ground.look.color("muted"), anchor=edge.anchor)
    along = end - start if end[0] > start[0] or edge.upright else start - end
    length = float(np.hypot(*along))
    down = np.array([-along[1], along[0]]) / length * (-1 if edge.upright else 1)
    away = (
        max((width(label, SMALL) for _, label in ticks), default=0.0) * abs(down[0]) + SMALL * abs(down[1]) + 2 * TEXT
    )
    x, y = (start + end) / 2 + down * away
    text, angle = shortened(axis.title, TEXT, length), float(np.degrees(np.arctan2(along[1], along[0])))
    yield TextItem(x=x, y=y, text=text, size=TEXT, color=ground.look.color("ink"), anchor="middle", angle=angle)


def _flattened(panel: Panel, ground: PlotArea) -> PlotArea:
    """Give the same ground in the units of what is seen."""
    wide = ground.x_per_unit * (panel.x.high - panel.x.low) / (2 * _REACH)
    high = ground.y_per_unit * (panel.y.high - panel.y.low) / (2 * _REACH)
    return replace(ground, x_low=-_REACH, y_low=-_REACH, x_per_unit=wide, y_per_unit=high)


def _unit(values: Floats, axis: Axis) -> Floats:
    return np.asarray((values - axis.low) / (axis.high - axis.low) - 0.5)


def _pixels(points: Floats, ground: PlotArea) -> Floats:
    x, y, _ = _project(points)
    return ground.places(x, y)


def _project(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Project points of shape (n, 3): right, up, and away from the eye."""
    x, y, z = points.T
    right = x * np.cos(_TURN) - y * np.sin(_TURN)
    away = x * np.sin(_TURN) + y * np.cos(_TURN)
    return right, z * np.cos(_TILT) + away * np.sin(_TILT), away * np.cos(_TILT) - z * np.sin(_TILT)


def _cube() -> Iterator[tuple[Place, Place]]:
    """Give the edges of the cube."""
    corners = [(x, y, z) for x, y, z in product((-0.5, 0.5), repeat=3)]
    for a, b in combinations(corners, 2):
        if sum(p != q for p, q in zip(a, b, strict=True)) == 1:
            yield a, b
