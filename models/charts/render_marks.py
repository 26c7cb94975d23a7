"""Marks on the ground of a panel become shapes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

import numpy as np

from models.charts.scene import Box, Item, Markers, Stroke, TextItem
from models.charts.spec import Area, Bars, Cells, Floats, Label, Line, Mark, Points
from models.charts.text_metrics import width
from models.charts.theme import Palette, shape, text_color_on

TEXT: Final = 12.0
SMALLEST_TEXT: Final = 8.0
BESIDE: Final = 5.0  # between a place and the words that stand beside it
_SEAM: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class PlotArea:
    """Where values lie in pixels."""

    x0: float
    y0: float
    x_per_unit: float
    y_per_unit: float
    x_low: float
    y_low: float
    look: Palette

    def x(self, value: float) -> float:
        """Place a value along the horizontal axis."""
        return self.x0 + (value - self.x_low) * self.x_per_unit

    def y(self, value: float) -> float:
        """Place a value along the vertical axis."""
        return self.y0 + (value - self.y_low) * self.y_per_unit

    def places(self, x: Floats, y: Floats) -> Floats:
        """Place many points, shape (n, 2)."""
        return np.column_stack(
            [self.x0 + (x - self.x_low) * self.x_per_unit, self.y0 + (y - self.y_low) * self.y_per_unit]
        )

    def box(self, x: tuple[float, float], y: tuple[float, float], fill: str, says: str) -> Box:
        """Give the rectangle between two places on each axis."""
        (left, right), (top, bottom) = sorted(map(self.x, x)), sorted(map(self.y, y))
        return Box(x=left, y=top, width=right - left, height=bottom - top, fill=fill, says=says)


@singledispatch
def mark_items(mark: Mark, _ground: PlotArea) -> Iterator[Item]:
    """Give the shapes of a mark."""
    raise TypeError(f"{type(mark).__name__} is no mark")


@mark_items.register
def _line(mark: Line, ground: PlotArea) -> Iterator[Item]:
    places = ground.places(mark.x, mark.y)
    color = ground.look.color(mark.color)
    yield Stroke(parts=_split_at_gaps(places), color=color, width=mark.width, dashed=mark.dashed)


@mark_items.register
def _points(mark: Points, ground: PlotArea) -> Iterator[Item]:
    places = ground.places(mark.x, mark.y)
    known = places[np.isfinite(places).all(axis=1)]
    fill, edge = ground.look.color(mark.color), ground.look.background
    yield Markers(places=known, shape=shape(mark.color), size=mark.size, fill=fill, edge=edge)


@mark_items.register
def _bars(mark: Bars, ground: PlotArea) -> Iterator[Item]:
    hover = mark.hover or [""] * len(mark.at)
    for at, low, high, color, says in zip(
        mark.at.tolist(), mark.low.tolist(), mark.high.tolist(), mark.colors, hover, strict=True
    ):
        across, along = (at - mark.width / 2, at + mark.width / 2), (low, high)
        x, y = (along, across) if mark.horizontal else (across, along)
        yield ground.box(x, y, ground.look.color(color), says)


@mark_items.register
def _area(mark: Area, ground: PlotArea) -> Iterator[Item]:
    color, places = ground.look.color(mark.color), ground.places(mark.x, mark.y)
    yield Stroke(parts=[places], color=color, fill=color, opacity=mark.opacity)


@mark_items.register
def _cells(mark: Cells, ground: PlotArea) -> Iterator[Item]:
    longest = max((width(text, 1.0) for texts in mark.texts for text in texts), default=0.0)
    size = min(TEXT, 0.92 * abs(ground.x_per_unit) / max(longest, 1e-9), 0.8 * abs(ground.y_per_unit))
    for (i, j), value in np.ndenumerate(mark.values):
        box = ground.box((j - 0.5, j + 0.5), (i - 0.5, i + 0.5), _heat(value, mark, ground.look), mark.hover[i][j])
        yield Box(**{**vars(box), "width": box.width - _SEAM, "height": box.height - _SEAM})
        if size >= SMALLEST_TEXT and mark.texts[i][j]:
            color = text_color_on(box.fill)
            x, y = box.x + box.width / 2, box.y + box.height / 2 + 0.35 * size
            yield TextItem(x=x, y=y, text=mark.texts[i][j], size=size, color=color, anchor="middle")


@mark_items.register
def _label(mark: Label, ground: PlotArea) -> Iterator[Item]:
    beside = {"start": BESIDE, "middle": 0.0, "end": -BESIDE}[mark.anchor]
    x, y, color = ground.x(mark.x) + beside, ground.y(mark.y) + 0.35 * TEXT, ground.look.color(mark.color)
    yield TextItem(x=x, y=y, text=mark.text, size=TEXT, color=color, anchor=mark.anchor)


def _heat(value: float, mark: Cells, look: Palette) -> str:
    return look.heat(value / mark.reach) if np.isfinite(value) else look.background


def _split_at_gaps(places: Floats) -> list[Floats]:
    """Split a line where it is interrupted."""
    known = np.asarray(np.isfinite(places).all(axis=1))
    runs = np.split(np.arange(len(places)), np.flatnonzero(np.diff(known)) + 1)
    return [places[run] for run in runs if len(run) and known[run[0]]]
