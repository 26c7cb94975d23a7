"""A chart as a page of its own, to point, zoom and turn: plotly's own script, and nothing from elsewhere."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, singledispatch
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final

import numpy as np

from models.drawing.chart import Area, Axis, Bars, Cells, Chart, Color, Entry, Floats, Label, Line, Mark, Panel, Points
from models.drawing.look import HIGH, LOW, Look, Shape, shape
from models.drawing.svg import FONTS
from models.drawing.words import shortened

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
LEGEND_TEXT, LONGEST_LABEL, TICK_TEXT, LONGEST_TICK = 12.0, 260.0, 12.0, 150.0
GAP, GAP_FOR_WORDS, GAP_FOR_TITLES = 0.09, 0.24, 0.4
SCRIPT: Final = (
    'const chart = JSON.parse(document.getElementById("chart").textContent);'
    'Plotly.newPlot("figure", chart.data, chart.layout, {responsive: true, displaylogo: false});'
)


def to_html(chart: Chart, look: Look) -> str:
    """Write a chart as one self-contained page."""
    spec = json.dumps(to_plotly(chart, look), allow_nan=False, sort_keys=True).replace("<", "\\u003c")
    title, notes = escape(chart.title), "".join(f"<p>{escape(note)}</p>" for note in chart.notes)
    colors = f"background:{look.background};color:{look.color('muted')}"
    style = f"body{{margin:0;{colors};font:13px {FONTS}}}p{{margin:0 18px 8px}}#figure{{height:{_height(chart):.0f}px}}"
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f'<script>{plotly_script()}</script></head><body><div id="figure"></div>{notes}'
        f'<script id="chart" type="application/json">{spec}</script><script>{SCRIPT}</script></body></html>\n'
    )


def to_plotly(chart: Chart, look: Look) -> JsonObject:
    """Describe a chart as plotly does: data and layout."""
    data: list[JsonObject] = [_entry(entry, chart, look) for entry in chart.legend]
    layout: JsonObject = _layout(chart, look)
    for i, (panel, domain) in enumerate(zip(chart.panels, _domains(chart), strict=True), start=1):
        place = _Place(number="" if i == 1 else str(i), look=look)
        layout.update(_panel_layout(panel, domain, place))
        data.extend(trace for mark in panel.marks for trace in _traces(mark, place))
    return {"data": data, "layout": layout}


@cache
def plotly_script() -> str:
    """Read plotly's script from its package."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")


@cache
def script_hashes() -> tuple[str, ...]:
    """Give the hashes by which a content security policy allows the scripts of every such page, and no other."""
    digests = [sha256(script.encode()).digest() for script in (plotly_script(), SCRIPT)]
    return tuple(f"sha256-{b64encode(digest).decode()}" for digest in digests)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Which of plotly's panels, and in which colors."""

    number: str
    look: Look

    def flat(self) -> JsonObject:
        return {"xaxis": f"x{self.number}", "yaxis": f"y{self.number}", "showlegend": False}

    def color(self, color: Color) -> str:
        return self.look.color(color)


@singledispatch
def _traces(mark: Mark, place: _Place) -> Iterator[JsonObject]:  # noqa: ARG001 - each kind of mark has its own
    raise TypeError(f"{type(mark).__name__} is no mark")


@_traces.register
def _line(mark: Line, place: _Place) -> Iterator[JsonObject]:
    line = {"color": place.color(mark.color), "width": mark.width, "dash": "dash" if mark.dashed else "solid"}
    place_ = {"x": _plain(mark.x), "y": _plain(mark.y), "connectgaps": False}
    yield {"type": "scatter", "mode": "lines", "line": line, **place_, **_hover(mark.hover), **place.flat()}


@_traces.register
def _points(mark: Points, place: _Place) -> Iterator[JsonObject]:
    drawn = {"color": place.color(mark.color), "opacity": 0.85, "size": mark.size}
    said = {"mode": "markers", "name": mark.label, **_hover(mark.hover)}
    if mark.z is None:
        symbol = {"marker": {**drawn, "symbol": SYMBOLS[shape(mark.color)]}}
        yield {"type": "scatter", "x": _plain(mark.x), "y": _plain(mark.y), **symbol, **said, **place.flat()}
        return
    space = {"x": _plain(mark.x), "y": _plain(mark.y), "z": _plain(mark.z), "scene": f"scene{place.number}"}
    marker = {**drawn, "size": mark.size * 0.6, "symbol": SYMBOLS_IN_SPACE[shape(mark.color)]}
    yield {"type": "scatter3d", "marker": marker, "showlegend": False, **space, **said}


@_traces.register
def _bars(mark: Bars, place: _Place) -> Iterator[JsonObject]:
    at, length, base = ("y", "x", "h") if mark.horizontal else ("x", "y", "v")
    lengths = {at: _plain(mark.at), length: _plain(mark.high - mark.low), "base": _plain(mark.low)}
    marker = {"color": [place.color(color) for color in mark.colors]}
    look = {"type": "bar", "orientation": base, "width": mark.width, "marker": marker}
    yield {**look, **lengths, **_hover(mark.hover), **place.flat()}


@_traces.register
def _area(mark: Area, place: _Place) -> Iterator[JsonObject]:
    color = place.color(mark.color)
    outline = {"x": _plain(mark.x), "y": _plain(mark.y), "line": {"width": 0.5, "color": color}, "fill": "toself"}
    says = {"name": mark.label, "hoveron": "fills"} if mark.label else {"hoverinfo": "skip"}
    fill = {"fillcolor": color, "opacity": mark.opacity}
    yield {"type": "scatter", "mode": "lines", **outline, **fill, **says, **place.flat()}


@_traces.register
def _cells(mark: Cells, place: _Place) -> Iterator[JsonObject]:
    scale = [[0.0, LOW], [0.5, place.look.middle], [1.0, HIGH]]
    colors = {"colorscale": scale, "zmin": -mark.reach, "zmax": mark.reach, "showscale": False}
    texts = {"text": _lists(mark.texts), "texttemplate": "%{text}", "hovertext": _lists(mark.hover)}
    shown = {"hoverinfo": "text", "xgap": 1, "ygap": 1}
    yield {"type": "heatmap", "z": [_plain(row) for row in mark.values], **colors, **texts, **shown, **place.flat()}


@_traces.register
def _label(mark: Label, place: _Place) -> Iterator[JsonObject]:
    beside = {"start": "middle right", "middle": "middle center", "end": "middle left"}[mark.anchor]
    text = {"text": [escape(mark.text)], "textposition": beside, "textfont": {"color": place.color(mark.color)}}
    yield {"type": "scatter", "mode": "text", "x": [mark.x], "y": [mark.y], **text, "hoverinfo": "skip", **place.flat()}


def _entry(entry: Entry, chart: Chart, look: Look) -> JsonObject:
    """Show a line of the legend by a point that is nowhere."""
    marker = {"color": look.color(entry.color), "symbol": SYMBOLS[shape(entry.color)], "size": 10}
    name = escape(shortened(entry.label, LEGEND_TEXT, LONGEST_LABEL))
    flat = {"mode": "markers", "x": [None], "y": [None], "marker": marker, "name": name}
    if chart.panels[0].z is None:
        return {"type": "scatter", **flat}
    marker["symbol"] = SYMBOLS_IN_SPACE[shape(entry.color)]
    return {"type": "scatter3d", "z": [None], **flat}


def _layout(chart: Chart, look: Look) -> JsonObject:
    title = {"text": f"<b>{escape(chart.title)}</b>", "x": 0.02, "xanchor": "left", "font": {"size": 17}}
    legend = {"font": {"size": LEGEND_TEXT}, "itemclick": False, "itemdoubleclick": False}
    return {
        "title": title,
        "font": {"color": look.color("ink"), "family": FONTS},
        "paper_bgcolor": look.background,
        "plot_bgcolor": look.background,
        "barmode": "overlay",
        "hovermode": "closest",
        "legend": legend,
        "showlegend": bool(chart.legend),
        "margin": {"t": 64, "r": 24, "b": 56, "l": 24},
        "annotations": [_heading(*each) for each in zip(chart.panels, _domains(chart), strict=True) if each[0].title],
    }


def _heading(panel: Panel, domain: "Domain") -> JsonObject:
    x, y = domain
    place = {"xref": "paper", "yref": "paper", "x": x[0], "y": y[1], "xanchor": "left", "yanchor": "bottom"}
    return {"text": f"<b>{escape(panel.title)}</b>", "showarrow": False, "font": {"size": 13}, **place}


def _panel_layout(panel: Panel, domain: "Domain", place: _Place) -> JsonObject:
    x, y = domain
    if panel.z is not None:
        axes = {
            f"{name}axis": _axis(axis, place) for name, axis in zip("xyz", (panel.x, panel.y, panel.z), strict=True)
        }
        return {f"scene{place.number}": {"domain": {"x": x, "y": y}, "aspectmode": "cube", **axes}}
    square = {"scaleanchor": f"x{place.number}", "scaleratio": _ratio(panel)} if panel.square else {}
    x_axis = {**_axis(panel.x, place), "domain": x, "anchor": f"y{place.number}", "automargin": True}
    y_axis = {**_axis(panel.y, place), "domain": y, "anchor": f"x{place.number}", "automargin": True, **square}
    return {f"xaxis{place.number}": x_axis, f"yaxis{place.number}": y_axis}


def _axis(axis: Axis, place: _Place) -> JsonObject:
    ticks = {}
    if axis.ticks is not None:
        labels = [escape(shortened(label, TICK_TEXT, LONGEST_TICK)) for _, label in axis.ticks]
        ticks = {"tickmode": "array", "tickvals": [at for at, _ in axis.ticks], "ticktext": labels}
    lines = {"showgrid": axis.grid, "gridcolor": place.color("grid"), "zeroline": False}
    return {
        "title": {"text": escape(shortened(axis.title, TICK_TEXT, LONGEST_LABEL))},
        "range": [axis.low, axis.high],
        "visible": not axis.hidden,
        **lines,
        **ticks,
    }


def _ratio(panel: Panel) -> float:
    return abs((panel.x.high - panel.x.low) / (panel.y.high - panel.y.low))


Domain = tuple[list[float], list[float]]


def _domains(chart: Chart) -> list[Domain]:
    """Share the page out among the panels, the first in the upper left corner."""
    columns = min(chart.columns, len(chart.panels)) or 1
    rows = -(-len(chart.panels) // columns)
    beside = GAP_FOR_WORDS if any(panel.y.ticks for panel in chart.panels) else GAP
    below = GAP_FOR_TITLES / rows
    wide, high = (1 + beside) / columns, (1 + below) / rows
    places = [divmod(i, columns) for i in range(len(chart.panels))]
    return [
        ([j * wide, j * wide + wide - beside], [max(1 - i * high - high + below, 0.0), 1 - i * high]) for i, j in places
    ]


def _height(chart: Chart) -> float:
    rows = -(-len(chart.panels) // max(chart.columns, 1))
    return max(rows * chart.height, 20.0 * len(chart.legend)) + 120


def _hover(texts: Sequence[str]) -> JsonObject:
    return (
        {"hovertext": [_line_breaks(text) for text in texts], "hoverinfo": "text"} if texts else {"hoverinfo": "skip"}
    )


def _lists(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[_line_breaks(text) for text in row] for row in texts]


def _line_breaks(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _plain(values: Floats) -> list[float | None]:
    """Give what JSON can hold: a number, or null."""
    finite = np.isfinite(values)
    return [value if known else None for value, known in zip(values.tolist(), finite.tolist(), strict=True)]
