"""Layout of one panel: title, axes, ticks and marks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from models.charts.projection3d import projection_items
from models.charts.render_marks import PlotArea, mark_items
from models.charts.scene import Item, PathItem, TextItem
from models.charts.spec import Floats, Panel, Tick
from models.charts.text_metrics import shortened, width
from models.charts.theme import Palette
from models.charts.ticks import ticks_of

TEXT: Final = 12.0
HEADING: Final = 13.0
GAP: Final = 6.0
MAX_TICK_WIDTH: Final = 0.3  # share of the frame's width, for labels of the vertical axis
MAX_TICK_DEPTH: Final = 150.0  # for slanted labels of the horizontal axis
PIXELS_FOR_TICK_X, PIXELS_FOR_TICK_Y = 75.0, 45.0
SLANT: Final = 40.0
MAX_SLANTED_WIDTH: Final = float((MAX_TICK_DEPTH - TEXT) / np.sin(np.radians(SLANT)))


class Frame(NamedTuple):
    """The rectangle of a panel, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class _Ticks:
    """The ticks of both axes, and the space of their labels."""

    x: list[Tick]
    y: list[Tick]
    left: float
    below: float
    slanted: bool


def axes_items(panel: Panel, frame: Frame, palette: Palette) -> Iterator[Item]:
    """Yield the shapes of one panel within its frame."""
    if panel.title:
        text = shortened(panel.title, HEADING, frame.width)
        yield TextItem(
            x=frame.x,
            y=frame.y + HEADING,
            text=text,
            size=HEADING,
            color=palette.color("ink"),
            bold=True,
        )
    used = HEADING + 2 * GAP if panel.title else 0.0
    inner = Frame(frame.x, frame.y + used, frame.width, frame.height - used)
    if panel.z is not None:
        yield from projection_items(panel, _plot_area(panel, _center_square(inner), palette))
        return
    ticks = _measure_labels(panel, inner)
    area = _plot_area(panel, _plot_frame(panel, inner, ticks), palette)
    yield from _axes(panel, inner, area, ticks)
    for mark in panel.marks:
        yield from mark_items(mark, area)


def _measure_labels(panel: Panel, frame: Frame) -> _Ticks:
    x = (
        []
        if panel.x.hidden
        else ticks_of(panel.x, max_ticks=max(2, int(frame.width / PIXELS_FOR_TICK_X)))
    )
    y = (
        []
        if panel.y.hidden
        else ticks_of(panel.y, max_ticks=max(2, int(frame.height / PIXELS_FOR_TICK_Y)))
    )
    left = (
        min(_max_label_width(y), MAX_TICK_WIDTH * frame.width)
        + (2 * GAP + TEXT if panel.y.title else 0)
        + GAP
    )
    room = (frame.width - left) / max(len(x), 1)
    slanted = panel.x.ticks is not None and _max_label_width(x) > room - GAP
    left = max(left, _label_overflow(x[0][1]) - room / 2) if slanted else left
    deep = (
        min(_max_label_width(x) * np.sin(np.radians(SLANT)) + TEXT, MAX_TICK_DEPTH)
        if slanted
        else TEXT + GAP
    )
    below = (deep if x else 0) + (TEXT + GAP if panel.x.title else 0) + GAP
    return _Ticks(x=x, y=y, left=left, below=below, slanted=slanted)


def _label_overflow(label: str) -> float:
    """Return the pixels by which a slanted label extends to the left of its tick."""
    return min(width(label, TEXT), MAX_SLANTED_WIDTH) * float(np.cos(np.radians(SLANT))) + GAP


def _max_label_width(ticks: list[Tick]) -> float:
    return max((width(label, TEXT) for _, label in ticks), default=0.0)


def _plot_frame(panel: Panel, frame: Frame, ticks: _Ticks) -> Frame:
    inner = Frame(
        frame.x + ticks.left,
        frame.y + GAP,
        frame.width - ticks.left,
        frame.height - ticks.below - GAP,
    )
    return _center_square(inner) if panel.square else inner


def _center_square(frame: Frame) -> Frame:
    side = min(frame.width, frame.height)
    return Frame(frame.x + (frame.width - side) / 2, frame.y, side, side)


def _plot_area(panel: Panel, frame: Frame, palette: Palette) -> PlotArea:
    return PlotArea(
        x0=frame.x,
        y0=frame.y + frame.height,
        x_per_unit=frame.width / (panel.x.high - panel.x.low),
        y_per_unit=-frame.height / (panel.y.high - panel.y.low),
        x_low=panel.x.low,
        y_low=panel.y.low,
        palette=palette,
    )


def _axes(panel: Panel, frame: Frame, area: PlotArea, ticks: _Ticks) -> Iterator[Item]:
    left, right = area.x(panel.x.low), area.x(panel.x.high)
    bottom, top = area.y(panel.y.low), area.y(panel.y.high)
    grid = [_line(left, area.y(at), right, area.y(at)) for at, _ in ticks.y if panel.y.grid]
    grid += [_line(area.x(at), bottom, area.x(at), top) for at, _ in ticks.x if panel.x.grid]
    yield PathItem(parts=grid, color=area.palette.color("grid"), width=1)
    yield from _x_ticks(ticks, bottom, area)
    yield from _y_ticks(ticks, left, frame, area)
    yield from _axis_titles(panel, frame, ((left + right) / 2, (bottom + top) / 2), area.palette)


def _x_ticks(ticks: _Ticks, bottom: float, area: PlotArea) -> Iterator[Item]:
    color = area.palette.color("muted")
    for at, label in ticks.x:
        x = area.x(at)
        if ticks.slanted:
            text = shortened(label, TEXT, MAX_SLANTED_WIDTH)
            yield TextItem(
                x=x, y=bottom + TEXT, text=text, size=TEXT, color=color, anchor="end", angle=-SLANT
            )
        else:
            yield TextItem(
                x=x, y=bottom + TEXT + GAP / 2, text=label, size=TEXT, color=color, anchor="middle"
            )


def _y_ticks(ticks: _Ticks, left: float, frame: Frame, area: PlotArea) -> Iterator[Item]:
    room = MAX_TICK_WIDTH * frame.width
    for at, label in ticks.y:
        text, y = shortened(label, TEXT, room), area.y(at) + 0.35 * TEXT
        yield TextItem(
            x=left - GAP, y=y, text=text, size=TEXT, color=area.palette.color("muted"), anchor="end"
        )


def _axis_titles(
    panel: Panel, frame: Frame, middle: tuple[float, float], palette: Palette
) -> Iterator[Item]:
    color = palette.color("ink")
    if panel.x.title and not panel.x.hidden:
        room = 2 * min(middle[0] - frame.x, frame.x + frame.width - middle[0])
        text, y = shortened(panel.x.title, TEXT, room), frame.y + frame.height - GAP / 2
        yield TextItem(x=middle[0], y=y, text=text, size=TEXT, color=color, anchor="middle")
    if panel.y.title and not panel.y.hidden:
        text, x = shortened(panel.y.title, TEXT, frame.height), frame.x + TEXT
        yield TextItem(
            x=x, y=middle[1], text=text, size=TEXT, color=color, anchor="middle", angle=-90
        )


def _line(x0: float, y0: float, x1: float, y1: float) -> Floats:
    return np.array([[x0, y0], [x1, y1]])
