"""HTML renderer: a self-contained interactive page with plotly's bundled script."""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Final

from models.charts.plotly_traces import (
    LEGEND_TEXT,
    MAX_LABEL_WIDTH,
    JsonObject,
    Subplot,
    entry_trace,
    traces,
)
from models.charts.spec import Axis, Chart, Panel
from models.charts.svg import FONTS
from models.charts.text_metrics import shortened
from models.charts.theme import Palette

TICK_TEXT, MAX_TICK_WIDTH, MAX_TICK_WIDTH_ALONE = 12.0, 150.0, 260.0
TOOLBAR = 48  # pixels above a figure, for plotly's buttons
GAP, GAP_FOR_WORDS, GAP_FOR_TITLES = 0.09, 0.24, 0.4
CAMERA: Final = {"eye": {"x": 1.5, "y": -1.7, "z": 0.9}, "center": {"x": 0, "y": 0, "z": -0.1}}
SCRIPT: Final = (
    'const chart = JSON.parse(document.getElementById("chart").textContent);'
    'Plotly.newPlot("figure", chart.data, chart.layout, {responsive: true, displaylogo: false});'
)


def to_html(chart: Chart, palette: Palette) -> str:
    """Render a chart as one self-contained HTML page."""
    spec = json.dumps(to_plotly(chart, palette), allow_nan=False, sort_keys=True).replace(
        "<", "\\u003c"
    )
    title, notes = escape(chart.title), "".join(f"<p>{escape(note)}</p>" for note in chart.notes)
    ink, muted = palette.color("ink"), palette.color("muted")
    rows = -(-len(chart.panels) // max(chart.columns, 1))
    height = max(rows * chart.height, 20.0 * len(chart.legend)) + 120
    style = (
        f"body{{margin:0;background:{palette.background};color:{muted};font:13px {FONTS}}}"
        f"h1{{margin:14px 18px 0;color:{ink};font-size:18px}}"
        f"p{{margin:0 18px 8px}}#figure{{height:{height:.0f}px}}"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta '
        f'charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"<script>{plotly_script()}</script></head><body><h1>{title}</h1><div "
        f'id="figure"></div>{notes}'
        f'<script id="chart" type="application/json">{spec}</script>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def to_plotly(chart: Chart, palette: Palette) -> JsonObject:
    """Convert a chart to a plotly figure: data and layout."""
    data: list[JsonObject] = [entry_trace(entry, chart, palette) for entry in chart.legend]
    layout: JsonObject = _layout(chart, palette)
    for i, (panel, domain) in enumerate(zip(chart.panels, _domains(chart), strict=True), start=1):
        subplot = Subplot(
            number="" if i == 1 else str(i), palette=palette, alone=chart.columns == 1
        )
        layout.update(_panel_layout(panel, domain, subplot))
        data.extend(trace for mark in panel.marks for trace in traces(mark, subplot))
    return {"data": data, "layout": layout}


@cache
def plotly_script() -> str:
    """Load plotly.js from the plotly package."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")


@cache
def script_hashes() -> tuple[str, ...]:
    """Return the Content-Security-Policy hashes of the scripts, which are equal in all pages."""
    digests = [sha256(script.encode()).digest() for script in (plotly_script(), SCRIPT)]
    return tuple(f"sha256-{b64encode(digest).decode()}" for digest in digests)


def _layout(chart: Chart, palette: Palette) -> JsonObject:
    legend = {"font": {"size": LEGEND_TEXT}, "itemclick": False, "itemdoubleclick": False}
    return {
        "font": {"color": palette.color("ink"), "family": FONTS},
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "barmode": "overlay",
        "hovermode": "closest",
        "legend": legend,
        "showlegend": bool(chart.legend),
        "margin": {"t": TOOLBAR, "r": 24, "b": 64, "l": 24},
        "annotations": [
            _heading(*each)
            for each in zip(chart.panels, _domains(chart), strict=True)
            if each[0].title
        ],
    }


def _heading(panel: Panel, domain: "Domain") -> JsonObject:
    x, y = domain
    position = {
        "xref": "paper",
        "yref": "paper",
        "x": x[0],
        "y": y[1],
        "xanchor": "left",
        "yanchor": "bottom",
    }
    return {
        "text": f"<b>{escape(panel.title)}</b>",
        "showarrow": False,
        "font": {"size": 13},
        **position,
    }


def _panel_layout(panel: Panel, domain: "Domain", subplot: Subplot) -> JsonObject:
    x, y = domain
    if panel.z is not None:
        axes = {
            f"{name}axis": _axis(axis, subplot)
            for name, axis in zip("xyz", (panel.x, panel.y, panel.z), strict=True)
        }
        return {
            f"scene{subplot.number}": {
                "domain": {"x": x, "y": y},
                "aspectmode": "cube",
                "camera": CAMERA,
                **axes,
            }
        }
    ratio = abs((panel.x.high - panel.x.low) / (panel.y.high - panel.y.low))
    square = {"scaleanchor": f"x{subplot.number}", "scaleratio": ratio} if panel.square else {}
    x_axis = {
        **_axis(panel.x, subplot),
        "domain": x,
        "anchor": f"y{subplot.number}",
        "automargin": True,
    }
    y_axis = {
        **_axis(panel.y, subplot),
        "domain": y,
        "anchor": f"x{subplot.number}",
        "automargin": True,
        **square,
    }
    return {f"xaxis{subplot.number}": x_axis, f"yaxis{subplot.number}": y_axis}


def _axis(axis: Axis, subplot: Subplot) -> JsonObject:
    ticks = {}
    if axis.ticks is not None:
        labels = [
            escape(
                shortened(
                    label, TICK_TEXT, MAX_TICK_WIDTH_ALONE if subplot.alone else MAX_TICK_WIDTH
                )
            )
            for _, label in axis.ticks
        ]
        ticks = {"tickmode": "array", "tickvals": [at for at, _ in axis.ticks], "ticktext": labels}
    lines = {"showgrid": axis.grid, "gridcolor": subplot.color("grid"), "zeroline": False}
    return {
        "title": {"text": escape(shortened(axis.title, TICK_TEXT, MAX_LABEL_WIDTH))},
        "range": [axis.low, axis.high],
        "visible": not axis.hidden,
        **lines,
        **ticks,
    }


Domain = tuple[list[float], list[float]]


def _domains(chart: Chart) -> list[Domain]:
    """Divide the page among the panels, row by row from the upper left corner."""
    columns = min(chart.columns, len(chart.panels)) or 1
    rows = -(-len(chart.panels) // columns)
    beside = GAP_FOR_WORDS if any(panel.y.ticks for panel in chart.panels) else GAP
    below = GAP_FOR_TITLES / rows
    wide, high = (1 + beside) / columns, (1 + below) / rows
    positions = [divmod(i, columns) for i in range(len(chart.panels))]
    return [
        (
            [j * wide, j * wide + wide - beside],
            [max(1 - i * high - high + below, 0.0), 1 - i * high],
        )
        for i, j in positions
    ]
