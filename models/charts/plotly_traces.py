"""Conversion of a chart's marks to plotly traces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from html import escape
from typing import Any, Final

import numpy as np

from models.charts.spec import (
    Area,
    Bars,
    Cells,
    Chart,
    Color,
    Entry,
    Floats,
    Label,
    Line,
    Mark,
    Points,
)
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
# scatter3d supports fewer symbols.
SYMBOLS_IN_SPACE: Final[dict[Shape, str]] = {
    **SYMBOLS, "up": "diamond-open", "down": "square-open", "star": "circle-open"
}  # fmt: skip
LEGEND_TEXT, MAX_LABEL_WIDTH = 12.0, 260.0


@dataclass(frozen=True, kw_only=True)
class Subplot:
    """A plotly subplot: its number, its colors, and whether it has a row of its own."""

    number: str
    palette: Palette
    alone: bool = False

    def flat(self) -> JsonObject:
        """Return the axes of the subplot, for a trace outside the legend."""
        return {"xaxis": f"x{self.number}", "yaxis": f"y{self.number}", "showlegend": False}

    def color(self, color: Color) -> str:
        """Return a color of the palette as hex code."""
        return self.palette.color(color)


@singledispatch
def traces(mark: Mark, _subplot: Subplot) -> Iterator[JsonObject]:
    """Yield the plotly traces of a mark; dispatches on its type."""
    raise TypeError(f"{type(mark).__name__} is no mark")


@traces.register
def _line(mark: Line, subplot: Subplot) -> Iterator[JsonObject]:
    line = {
        "color": subplot.color(mark.color),
        "width": mark.width,
        "dash": "dash" if mark.dashed else "solid",
    }
    points = {"x": _json_numbers(mark.x), "y": _json_numbers(mark.y), "connectgaps": False}
    yield {
        "type": "scatter",
        "mode": "lines",
        "line": line,
        **points,
        **_hover_text(mark.hover),
        **subplot.flat(),
    }


@traces.register
def _points(mark: Points, subplot: Subplot) -> Iterator[JsonObject]:
    drawn = {"color": subplot.color(mark.color), "opacity": 0.85, "size": mark.size}
    common = {"mode": "markers", "name": mark.label, **_hover_text(mark.hover)}
    if mark.z is None:
        symbol = {"marker": {**drawn, "symbol": SYMBOLS[shape(mark.color)]}}
        yield {
            "type": "scatter",
            "x": _json_numbers(mark.x),
            "y": _json_numbers(mark.y),
            **symbol,
            **common,
            **subplot.flat(),
        }
        return
    space = {
        "x": _json_numbers(mark.x),
        "y": _json_numbers(mark.y),
        "z": _json_numbers(mark.z),
        "scene": f"scene{subplot.number}",
    }
    marker = {**drawn, "size": mark.size * 0.6, "symbol": SYMBOLS_IN_SPACE[shape(mark.color)]}
    yield {"type": "scatter3d", "marker": marker, "showlegend": False, **space, **common}


@traces.register
def _bars(mark: Bars, subplot: Subplot) -> Iterator[JsonObject]:
    at, length, base = ("y", "x", "h") if mark.horizontal else ("x", "y", "v")
    lengths = {
        at: _json_numbers(mark.at),
        length: _json_numbers(mark.high - mark.low),
        "base": _json_numbers(mark.low),
    }
    marker = {"color": [subplot.color(color) for color in mark.colors]}
    style = {"type": "bar", "orientation": base, "width": mark.width, "marker": marker}
    yield {**style, **lengths, **_hover_text(mark.hover), **subplot.flat()}


@traces.register
def _area(mark: Area, subplot: Subplot) -> Iterator[JsonObject]:
    color = subplot.color(mark.color)
    outline = {
        "x": _json_numbers(mark.x),
        "y": _json_numbers(mark.y),
        "line": {"width": 0.5, "color": color},
        "fill": "toself",
    }
    hover = (
        {"name": _escape_lines(mark.label), "hoveron": "fills"}
        if mark.label
        else {"hoverinfo": "skip"}
    )
    fill = {"fillcolor": color, "opacity": mark.opacity}
    yield {"type": "scatter", "mode": "lines", **outline, **fill, **hover, **subplot.flat()}


@traces.register
def _cells(mark: Cells, subplot: Subplot) -> Iterator[JsonObject]:
    scale = [[0.0, LOW], [0.5, subplot.palette.middle], [1.0, HIGH]]
    colors = {"colorscale": scale, "zmin": -mark.reach, "zmax": mark.reach, "showscale": False}
    texts = {"text": _lists(mark.texts), "texttemplate": "%{text}", "hovertext": _lists(mark.hover)}
    shown = {"hoverinfo": "text", "xgap": 1, "ygap": 1}
    yield {
        "type": "heatmap",
        "z": [_json_numbers(row) for row in mark.values],
        **colors,
        **texts,
        **shown,
        **subplot.flat(),
    }


@traces.register
def _label(mark: Label, subplot: Subplot) -> Iterator[JsonObject]:
    beside = {"start": "middle right", "middle": "middle center", "end": "middle left"}[mark.anchor]
    text = {
        "text": [escape(mark.text)],
        "textposition": beside,
        "textfont": {"color": subplot.color(mark.color)},
    }
    yield {
        "type": "scatter",
        "mode": "text",
        "x": [mark.x],
        "y": [mark.y],
        **text,
        "hoverinfo": "skip",
        **subplot.flat(),
    }


def entry_trace(entry: Entry, chart: Chart, palette: Palette) -> JsonObject:
    """Return a trace without points that shows an entry in the legend."""
    marker = {
        "color": palette.color(entry.color),
        "symbol": SYMBOLS[shape(entry.color)],
        "size": 10,
    }
    name = escape(shortened(entry.label, LEGEND_TEXT, MAX_LABEL_WIDTH))
    flat = {"mode": "markers", "x": [None], "y": [None], "marker": marker, "name": name}
    if chart.panels[0].z is None:
        return {"type": "scatter", **flat}
    marker["symbol"] = SYMBOLS_IN_SPACE[shape(entry.color)]
    return {"type": "scatter3d", "z": [None], **flat}


def _hover_text(texts: Sequence[str]) -> JsonObject:
    return (
        {"hovertext": [_escape_lines(text) for text in texts], "hoverinfo": "text"}
        if texts
        else {"hoverinfo": "skip"}
    )


def _lists(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[_escape_lines(text) for text in row] for row in texts]


def _escape_lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _json_numbers(values: Floats) -> list[float | None]:
    """Convert an array to JSON numbers, None for NaN and infinity."""
    finite = np.isfinite(values)
    return [
        value if known else None
        for value, known in zip(values.tolist(), finite.tolist(), strict=True)
    ]
