"""Conversion of a chart's marks to shapes in pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

import numpy as np

from models.charts.scene import Box, Item, Markers, PathItem, TextItem
from models.charts.spec import Area, Bars, Cells, Floats, Label, Line, Mark, Points
from models.charts.text_metrics import width
from models.charts.theme import Palette, shape, text_color_on

TEXT: Final = 12.0
MIN_TEXT: Final = 8.0
BESIDE: Final = 5.0  # pixels between a point and its label
_SEAM: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class PlotArea:
    """The linear mapping from values of a panel to pixels."""

    x0: float
    y0: float
    x_per_unit: float
    y_per_unit: float
    x_low: float
    y_low: float
    palette: Palette

    def x(self, value: float) -> float:
        """Map a value of the horizontal axis to pixels."""
        return self.x0 + (value - self.x_low) * self.x_per_unit

    def y(self, value: float) -> float:
        """Map a value of the vertical axis to pixels."""
        return self.y0 + (value - self.y_low) * self.y_per_unit

    def positions(self, x: Floats, y: Floats) -> Floats:
        """Map points to pixels, shape (n, 2)."""
        return np.column_stack(
            [
                self.x0 + (x - self.x_low) * self.x_per_unit,
                self.y0 + (y - self.y_low) * self.y_per_unit,
            ]
        )

    def box(self, x: tuple[float, float], y: tuple[float, float], fill: str, tooltip: str) -> Box:
        """Return the rectangle between two values of each axis."""
        (left, right), (top, bottom) = sorted(map(self.x, x)), sorted(map(self.y, y))
        return Box(
            x=left, y=top, width=right - left, height=bottom - top, fill=fill, tooltip=tooltip
        )


@singledispatch
def mark_items(mark: Mark, _plot_area: PlotArea) -> Iterator[Item]:
    """Yield the shapes of a mark; dispatches on its type."""
    raise TypeError(f"{type(mark).__name__} is no mark")


@mark_items.register
def _line(mark: Line, area: PlotArea) -> Iterator[Item]:
    positions = area.positions(mark.x, mark.y)
    color = area.palette.color(mark.color)
    known = np.asarray(np.isfinite(positions).all(axis=1))
    runs = np.split(np.arange(len(positions)), np.flatnonzero(np.diff(known)) + 1)
    yield PathItem(
        parts=[positions[run] for run in runs if len(run) and known[run[0]]],
        color=color,
        width=mark.width,
        dashed=mark.dashed,
    )


@mark_items.register
def _points(mark: Points, area: PlotArea) -> Iterator[Item]:
    positions = area.positions(mark.x, mark.y)
    known = positions[np.isfinite(positions).all(axis=1)]
    fill, edge = area.palette.color(mark.color), area.palette.background
    yield Markers(positions=known, shape=shape(mark.color), size=mark.size, fill=fill, edge=edge)


@mark_items.register
def _bars(mark: Bars, area: PlotArea) -> Iterator[Item]:
    hover = mark.hover or [""] * len(mark.at)
    for at, low, high, color, tooltip in zip(
        mark.at.tolist(), mark.low.tolist(), mark.high.tolist(), mark.colors, hover, strict=True
    ):
        across, along = (at - mark.width / 2, at + mark.width / 2), (low, high)
        x, y = (along, across) if mark.horizontal else (across, along)
        yield area.box(x, y, area.palette.color(color), tooltip)


@mark_items.register
def _area(mark: Area, area: PlotArea) -> Iterator[Item]:
    color, positions = area.palette.color(mark.color), area.positions(mark.x, mark.y)
    yield PathItem(parts=[positions], color=color, fill=color, opacity=mark.opacity)


@mark_items.register
def _cells(mark: Cells, area: PlotArea) -> Iterator[Item]:
    longest = max((width(text, 1.0) for texts in mark.texts for text in texts), default=0.0)
    size = min(TEXT, 0.92 * abs(area.x_per_unit) / max(longest, 1e-9), 0.8 * abs(area.y_per_unit))
    for (i, j), value in np.ndenumerate(mark.values):
        box = area.box(
            (j - 0.5, j + 0.5),
            (i - 0.5, i + 0.5),
            _cell_color(value, mark, area.palette),
            mark.hover[i][j],
        )
        yield Box(**{**vars(box), "width": box.width - _SEAM, "height": box.height - _SEAM})
        if size >= MIN_TEXT and mark.texts[i][j]:
            color = text_color_on(box.fill)
            x, y = box.x + box.width / 2, box.y + box.height / 2 + 0.35 * size
            yield TextItem(x=x, y=y, text=mark.texts[i][j], size=size, color=color, anchor="middle")


@mark_items.register
def _label(mark: Label, area: PlotArea) -> Iterator[Item]:
    beside = {"start": BESIDE, "middle": 0.0, "end": -BESIDE}[mark.anchor]
    x, y, color = (
        area.x(mark.x) + beside,
        area.y(mark.y) + 0.35 * TEXT,
        area.palette.color(mark.color),
    )
    yield TextItem(x=x, y=y, text=mark.text, size=TEXT, color=color, anchor=mark.anchor)


def _cell_color(value: float, mark: Cells, palette: Palette) -> str:
    return palette.heatmap_color(value / mark.reach) if np.isfinite(value) else palette.background
