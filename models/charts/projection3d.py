"""Orthographic projection of three-dimensional panels."""

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
MAX_TICKS: Final = 4
_AZIMUTH, _ELEVATION = np.radians(35.0), np.radians(22.0)
_EXTENT: Final = 0.85  # of the projected unit cube and the labels around it

Corner = tuple[float, float, float]

_CORNERS: Final = list(product((-0.5, 0.5), repeat=3))
# Two corners of the unit cube that differ in one coordinate.
_CUBE_EDGES: Final = [
    (one, other)
    for one, other in combinations(_CORNERS, 2)
    if sum(a != b for a, b in zip(one, other, strict=True)) == 1
]


@dataclass(frozen=True, kw_only=True)
class _Edge:
    """The edge of the unit cube with the labels of an axis, from its low to its high end."""

    start: Corner
    end: Corner
    anchor: Anchor
    beside: tuple[float, float]  # pixels from the edge to a tick
    upright: bool = False


_EDGES: Final = (
    _Edge(start=(-0.5, -0.5, -0.5), end=(0.5, -0.5, -0.5), anchor="start", beside=(4, 14)),
    _Edge(start=(-0.5, -0.5, -0.5), end=(-0.5, 0.5, -0.5), anchor="end", beside=(-4, 14)),
    _Edge(
        start=(-0.5, 0.5, -0.5), end=(-0.5, 0.5, 0.5), anchor="end", beside=(-6, 4), upright=True
    ),
)


def projection_items(panel: Panel, area: PlotArea) -> Iterator[Item]:
    """Yield the shapes of points in space and of three axes.

    Near points are drawn above far ones.
    """
    axes = (panel.x, panel.y, panel.z or panel.y)
    # The plot area in units of the projection.
    wide = area.x_per_unit * (panel.x.high - panel.x.low) / (2 * _EXTENT)
    high = area.y_per_unit * (panel.y.high - panel.y.low) / (2 * _EXTENT)
    flat = replace(area, x_low=-_EXTENT, y_low=-_EXTENT, x_per_unit=wide, y_per_unit=high)
    for start, end in _CUBE_EDGES:
        x, y, _ = _project(np.array([start, end], dtype=np.float64))
        yield from mark_items(Line(x=x, y=y, color="grid", width=1), flat)
    for mark in panel.marks:
        if isinstance(mark, Points) and mark.z is not None:
            x, y, depth = _project(
                np.column_stack(
                    [
                        _scale_to_cube(v, a)
                        for v, a in zip((mark.x, mark.y, mark.z), axes, strict=True)
                    ]
                )
            )
            order = np.argsort(-depth)
            yield from mark_items(replace(mark, x=x[order], y=y[order], z=None), flat)
    for axis, edge in zip(axes, _EDGES, strict=True):
        yield from _axis(axis, edge, flat)


def _axis(axis: Axis, edge: _Edge, area: PlotArea) -> Iterator[Item]:
    """Yield the tick labels of an edge, and the axis title parallel to it."""
    start, end = _project_to_area(np.array([edge.start, edge.end]), area)
    ticks = ticks_of(axis, max_ticks=MAX_TICKS)
    for at, label in ticks:
        x, y = start + (at - axis.low) / (axis.high - axis.low) * (end - start) + edge.beside
        yield TextItem(
            x=x, y=y, text=label, size=SMALL, color=area.palette.color("muted"), anchor=edge.anchor
        )
    along = end - start if end[0] > start[0] or edge.upright else start - end
    length = float(np.hypot(*along))
    down = np.array([-along[1], along[0]]) / length * (-1 if edge.upright else 1)
    away = (
        max((width(label, SMALL) for _, label in ticks), default=0.0) * abs(down[0])
        + SMALL * abs(down[1])
        + 2 * TEXT
    )
    x, y = (start + end) / 2 + down * away
    text, angle = (
        shortened(axis.title, TEXT, length),
        float(np.degrees(np.arctan2(along[1], along[0]))),
    )
    yield TextItem(
        x=x,
        y=y,
        text=text,
        size=TEXT,
        color=area.palette.color("ink"),
        anchor="middle",
        angle=angle,
    )


def _scale_to_cube(values: Floats, axis: Axis) -> Floats:
    return np.asarray((values - axis.low) / (axis.high - axis.low) - 0.5)


def _project_to_area(points: Floats, area: PlotArea) -> Floats:
    x, y, _ = _project(points)
    return area.positions(x, y)


def _project(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Project points of shape (n, 3) to right, up and depth."""
    x, y, z = points.T
    right = x * np.cos(_AZIMUTH) - y * np.sin(_AZIMUTH)
    away = x * np.sin(_AZIMUTH) + y * np.cos(_AZIMUTH)
    return (
        right,
        z * np.cos(_ELEVATION) + away * np.sin(_ELEVATION),
        away * np.cos(_ELEVATION) - z * np.sin(_ELEVATION),
    )
