"""The marks of a chart as plotly's traces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from html import escape
from typing import Any, Final

import numpy as np

from models.charts.spec import Area, Bars, Cells, Chart, Color, Entry, Floats, Label, Line, Mark, Points
from models.charts.text_metrics import shortened
from models.charts.theme import HIGH, LOW, Palette, Shape, shape

JsonObject = dict[str, Any]

SYMBOLS: Final[dict[Shape, str]] = {
    "circle": "circle",
    "square": "square",
    "up": "triangle-up",
    "diamond": "diamond",
    "down": "triangle-down",
    "plus": "cross",
    "star": "star",
    "cross": "x",
}
# In space plotly knows fewer shapes.
SYMBOLS_IN_SPACE: Final[dict[Shape, str]] = {
    **SYMBOLS, "up": "diamond-open", "down": "square-open", "star": "circle-open"
}  # fmt: skip
LEGEND_TEXT, LONGEST_LABEL = 12.0, 260.0


@dataclass(frozen=True, kw_only=True)
class Subplot:
    """Which of plotly's panels, in which colors, and whether there is none beside it."""

    number: str
    look: Palette
    alone: bool = False

    def flat(self) -> JsonObject:
        """Name its axes, for a trace that is not in the legend."""
        return {"xaxis": f"x{self.number}", "yaxis": f"y{self.number}", "showlegend": False}

    def color(self, color: Color) -> str:
        """Give a color as it looks here."""
        return self.look.color(color)


@singledispatch
def traces(mark: Mark, _place: Subplot) -> Iterator[JsonObject]:
    """Give the traces of a mark; each kind has its own way."""
    raise TypeError(f"{type(mark).__name__} is no mark")


@traces.register
def _line(mark: Line, place: Subplot) -> Iterator[JsonObject]:
    line = {"color": place.color(mark.color), "width": mark.width, "dash": "dash" if mark.dashed else "solid"}
    place_ = {"x": _plain(mark.x), "y": _plain(mark.y), "connectgaps": False}
    yield {"type": "scatter", "mode": "lines", "line": line, **place_, **_hover_text(mark.hover), **place.flat()}


@traces.register
def _points(mark: Points, place: Subplot) -> Iterator[JsonObject]:
    drawn = {"color": place.color(mark.color), "opacity": 0.85, "size": mark.size}
    said = {"mode": "markers", "name": mark.label, **_hover_text(mark.hover)}
    if mark.z is None:
        symbol = {"marker": {**drawn, "symbol": SYMBOLS[shape(mark.color)]}}
        yield {"type": "scatter", "x": _plain(mark.x), "y": _plain(mark.y), **symbol, **said, **place.flat()}
        return
    space = {"x": _plain(mark.x), "y": _plain(mark.y), "z": _plain(mark.z), "scene": f"scene{place.number}"}
    marker = {**drawn, "size": mark.size * 0.6, "symbol": SYMBOLS_IN_SPACE[shape(mark.color)]}
    yield {"type": "scatter3d", "marker": marker, "showlegend": False, **space, **said}


@traces.register
def _bars(mark: Bars, place: Subplot) -> Iterator[JsonObject]:
    at, length, base = ("y", "x", "h") if mark.horizontal else ("x", "y", "v")
    lengths = {at: _plain(mark.at), length: _plain(mark.high - mark.low), "base": _plain(mark.low)}
    marker = {"color": [place.color(color) for color in mark.colors]}
    look = {"type": "bar", "orientation": base, "width": mark.width, "marker": marker}
    yield {**look, **lengths, **_hover_text(mark.hover), **place.flat()}


@traces.register
def _area(mark: Area, place: Subplot) -> Iterator[JsonObject]:
    color = place.color(mark.color)
    outline = {"x": _plain(mark.x), "y": _plain(mark.y), "line": {"width": 0.5, "color": color}, "fill": "toself"}
    says = {"name": _line_gaps(mark.label), "hoveron": "fills"} if mark.label else {"hoverinfo": "skip"}
    fill = {"fillcolor": color, "opacity": mark.opacity}
    yield {"type": "scatter", "mode": "lines", **outline, **fill, **says, **place.flat()}


@traces.register
def _cells(mark: Cells, place: Subplot) -> Iterator[JsonObject]:
    scale = [[0.0, LOW], [0.5, place.look.middle], [1.0, HIGH]]
    colors = {"colorscale": scale, "zmin": -mark.reach, "zmax": mark.reach, "showscale": False}
    texts = {"text": _lists(mark.texts), "texttemplate": "%{text}", "hovertext": _lists(mark.hover)}
    shown = {"hoverinfo": "text", "xgap": 1, "ygap": 1}
    yield {"type": "heatmap", "z": [_plain(row) for row in mark.values], **colors, **texts, **shown, **place.flat()}


@traces.register
def _label(mark: Label, place: Subplot) -> Iterator[JsonObject]:
    beside = {"start": "middle right", "middle": "middle center", "end": "middle left"}[mark.anchor]
    text = {"text": [escape(mark.text)], "textposition": beside, "textfont": {"color": place.color(mark.color)}}
    yield {"type": "scatter", "mode": "text", "x": [mark.x], "y": [mark.y], **text, "hoverinfo": "skip", **place.flat()}


def entry_trace(entry: Entry, chart: Chart, look: Palette) -> JsonObject:
    """Show a line of the legend by a point that is nowhere."""
    marker = {"color": look.color(entry.color), "symbol": SYMBOLS[shape(entry.color)], "size": 10}
    name = escape(shortened(entry.label, LEGEND_TEXT, LONGEST_LABEL))
    flat = {"mode": "markers", "x": [None], "y": [None], "marker": marker, "name": name}
    if chart.panels[0].z is None:
        return {"type": "scatter", **flat}
    marker["symbol"] = SYMBOLS_IN_SPACE[shape(entry.color)]
    return {"type": "scatter3d", "z": [None], **flat}


def _hover_text(texts: Sequence[str]) -> JsonObject:
    return {"hovertext": [_line_gaps(text) for text in texts], "hoverinfo": "text"} if texts else {"hoverinfo": "skip"}


def _lists(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[_line_gaps(text) for text in row] for row in texts]


def _line_gaps(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _plain(values: Floats) -> list[float | None]:
    """Give what JSON can hold: a number, or null."""
    finite = np.isfinite(values)
    return [value if known else None for value, known in zip(values.tolist(), finite.tolist(), strict=True)]
