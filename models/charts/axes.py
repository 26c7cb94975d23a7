"""One panel of a chart: its frame, its axes, its marks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from models.charts.projection3d import projection_items
from models.charts.render_marks import PlotArea, mark_items
from models.charts.scene import Item, Stroke, TextItem
from models.charts.spec import Floats, Panel, Tick
from models.charts.text_metrics import shortened, width
from models.charts.theme import Palette
from models.charts.ticks import ticks_of

TEXT: Final = 12.0
HEADING: Final = 13.0
GAP: Final = 6.0
LONGEST_TICK: Final = 0.3  # of the frame's width, for what stands beside the axis
DEEPEST_TICK: Final = 150.0  # for what stands slanted below it
PIXELS_FOR_TICK_X, PIXELS_FOR_TICK_Y = 75.0, 45.0
SLANT: Final = 40.0
LONGEST_SLANTED: Final = float((DEEPEST_TICK - TEXT) / np.sin(np.radians(SLANT)))


class Frame(NamedTuple):
    """Where a panel may draw."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class _Ticks:
    """The ticks of both axes, and the room that they take."""

    x: list[Tick]
    y: list[Tick]
    left: float
    below: float
    slanted: bool


def axes_items(panel: Panel, frame: Frame, look: Palette) -> Iterator[Item]:
    """Lay out one panel within its frame."""
    if panel.title:
        text = shortened(panel.title, HEADING, frame.width)
        yield TextItem(x=frame.x, y=frame.y + HEADING, text=text, size=HEADING, color=look.color("ink"), bold=True)
    inner = _below_title(frame) if panel.title else frame
    if panel.z is not None:
        yield from projection_items(panel, _plot_area(panel, _squared(inner), look))
        return
    ticks = _measure_labels(panel, inner)
    ground = _plot_area(panel, _within(panel, inner, ticks), look)
    yield from _axes(panel, inner, ground, ticks)
    for mark in panel.marks:
        yield from mark_items(mark, ground)


def _below_title(frame: Frame) -> Frame:
    taken = HEADING + 2 * GAP
    return Frame(frame.x, frame.y + taken, frame.width, frame.height - taken)


def _measure_labels(panel: Panel, frame: Frame) -> _Ticks:
    x = [] if panel.x.hidden else ticks_of(panel.x, most=max(2, int(frame.width / PIXELS_FOR_TICK_X)))
    y = [] if panel.y.hidden else ticks_of(panel.y, most=max(2, int(frame.height / PIXELS_FOR_TICK_Y)))
    left = min(_max_label_width(y), LONGEST_TICK * frame.width) + (2 * GAP + TEXT if panel.y.title else 0) + GAP
    room = (frame.width - left) / max(len(x), 1)
    slanted = panel.x.ticks is not None and _max_label_width(x) > room - GAP
    left = max(left, _label_overflow(x[0][1]) - room / 2) if slanted else left
    deep = min(_max_label_width(x) * np.sin(np.radians(SLANT)) + TEXT, DEEPEST_TICK) if slanted else TEXT + GAP
    below = (deep if x else 0) + (TEXT + GAP if panel.x.title else 0) + GAP
    return _Ticks(x=x, y=y, left=left, below=below, slanted=slanted)


def _label_overflow(label: str) -> float:
    """Give how far a slanted label reaches to the left of its place."""
    return min(width(label, TEXT), LONGEST_SLANTED) * float(np.cos(np.radians(SLANT))) + GAP


def _max_label_width(ticks: list[Tick]) -> float:
    return max((width(label, TEXT) for _, label in ticks), default=0.0)


def _within(panel: Panel, frame: Frame, ticks: _Ticks) -> Frame:
    inner = Frame(frame.x + ticks.left, frame.y + GAP, frame.width - ticks.left, frame.height - ticks.below - GAP)
    return _squared(inner) if panel.square else inner


def _squared(frame: Frame) -> Frame:
    side = min(frame.width, frame.height)
    return Frame(frame.x + (frame.width - side) / 2, frame.y, side, side)


def _plot_area(panel: Panel, frame: Frame, look: Palette) -> PlotArea:
    return PlotArea(
        x0=frame.x,
        y0=frame.y + frame.height,
        x_per_unit=frame.width / (panel.x.high - panel.x.low),
        y_per_unit=-frame.height / (panel.y.high - panel.y.low),
        x_low=panel.x.low,
        y_low=panel.y.low,
        look=look,
    )


def _axes(panel: Panel, frame: Frame, ground: PlotArea, ticks: _Ticks) -> Iterator[Item]:
    left, right = ground.x(panel.x.low), ground.x(panel.x.high)
    bottom, top = ground.y(panel.y.low), ground.y(panel.y.high)
    grid = [_stroke(left, ground.y(at), right, ground.y(at)) for at, _ in ticks.y if panel.y.grid]
    grid += [_stroke(ground.x(at), bottom, ground.x(at), top) for at, _ in ticks.x if panel.x.grid]
    yield Stroke(parts=grid, color=ground.look.color("grid"), width=1)
    yield from _x_ticks(ticks, bottom, ground)
    yield from _y_ticks(ticks, left, frame, ground)
    yield from _axis_titles(panel, frame, ((left + right) / 2, (bottom + top) / 2), ground.look)


def _x_ticks(ticks: _Ticks, bottom: float, ground: PlotArea) -> Iterator[Item]:
    color = ground.look.color("muted")
    for at, label in ticks.x:
        x = ground.x(at)
        if ticks.slanted:
            text = shortened(label, TEXT, LONGEST_SLANTED)
            yield TextItem(x=x, y=bottom + TEXT, text=text, size=TEXT, color=color, anchor="end", angle=-SLANT)
        else:
            yield TextItem(x=x, y=bottom + TEXT + GAP / 2, text=label, size=TEXT, color=color, anchor="middle")


def _y_ticks(ticks: _Ticks, left: float, frame: Frame, ground: PlotArea) -> Iterator[Item]:
    room = LONGEST_TICK * frame.width
    for at, label in ticks.y:
        text, y = shortened(label, TEXT, room), ground.y(at) + 0.35 * TEXT
        yield TextItem(x=left - GAP, y=y, text=text, size=TEXT, color=ground.look.color("muted"), anchor="end")


def _axis_titles(panel: Panel, frame: Frame, middle: tuple[float, float], look: Palette) -> Iterator[Item]:
    color = look.color("ink")
    if panel.x.title and not panel.x.hidden:
        room = 2 * min(middle[0] - frame.x, frame.x + frame.width - middle[0])
        text, y = shortened(panel.x.title, TEXT, room), frame.y + frame.height - GAP / 2
        yield TextItem(x=middle[0], y=y, text=text, size=TEXT, color=color, anchor="middle")
    if panel.y.title and not panel.y.hidden:
        text, x = shortened(panel.y.title, TEXT, frame.height), frame.x + TEXT
        yield TextItem(x=x, y=middle[1], text=text, size=TEXT, color=color, anchor="middle", angle=-90)


def _stroke(x0: float, y0: float, x1: float, y1: float) -> Floats:
    return np.array([[x0, y0], [x1, y1]])
