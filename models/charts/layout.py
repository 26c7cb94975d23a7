"""Layout of a chart: title, panels, legend and notes below one another, without overlaps."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from math import ceil
from typing import Final

from models.charts.axes import Frame, axes_items
from models.charts.scene import Item, Markers, Scene, TextItem, point
from models.charts.spec import Chart
from models.charts.text_metrics import shortened, width, wrapped
from models.charts.theme import Palette, shape

MARGIN: Final = 18.0
GUTTER: Final = 22.0
TITLE, TEXT, SMALL = 18.0, 13.0, 12.0
LINE: Final = 1.45
MAX_LABEL_WIDTH: Final = 396.0
_SWATCH: Final = 22.0

Part = tuple[
    float, Callable[[float], Iterator[Item]]
]  # its height, and a function of its top that yields its shapes


def layout_chart(chart: Chart, palette: Palette) -> Scene:
    """Compute the positions of all shapes of a chart.

    Parameters
    ----------
    chart
        The chart.
    palette
        The colors of the theme.

    Returns
    -------
    Scene
        Of the chart's width; its height depends on the content, in whole pixels.
    """
    parts = [
        _title(chart, palette),
        _layout_panels(chart, palette),
        _legend(chart, palette),
        _notes(chart, palette),
    ]
    tops = list(accumulate((height for height, _ in parts), initial=MARGIN))
    return Scene(
        title=chart.title,
        notes=chart.notes,
        width=chart.width,
        height=ceil(tops[-1] + MARGIN),
        background=palette.background,
        items=[item for top, (_, items) in zip(tops, parts, strict=False) for item in items(top)],
    )


def _title(chart: Chart, palette: Palette) -> Part:
    lines = wrapped(chart.title, TITLE, chart.width - 2 * MARGIN)

    def items(top: float) -> Iterator[Item]:
        for i, line in enumerate(lines):
            baseline = top + TITLE * (1 + LINE * i)
            yield TextItem(
                x=MARGIN, y=baseline, text=line, size=TITLE, color=palette.color("ink"), bold=True
            )

    return len(lines) * TITLE * LINE + 8, items


def _layout_panels(chart: Chart, palette: Palette) -> Part:
    columns = min(chart.columns, len(chart.panels)) or 1
    n_rows = -(-len(chart.panels) // columns)
    room = (chart.width - 2 * MARGIN - GUTTER * (columns - 1)) / columns

    def items(top: float) -> Iterator[Item]:
        for i, panel in enumerate(chart.panels):
            row, column = divmod(i, columns)
            frame = Frame(
                MARGIN + column * (room + GUTTER),
                top + row * (chart.height + GUTTER),
                room,
                chart.height,
            )
            yield from axes_items(panel, frame, palette)

    return n_rows * (chart.height + GUTTER), items


def _legend(chart: Chart, palette: Palette) -> Part:
    """Lay out the legend in as many columns as fit."""
    entries = chart.legend
    labels = [shortened(entry.label, TEXT, MAX_LABEL_WIDTH) for entry in entries]
    wide = max((width(label, TEXT) for label in labels), default=0.0) + _SWATCH + GUTTER
    columns = max(1, int((chart.width - 2 * MARGIN + GUTTER) // wide))
    n_rows = -(-len(entries) // columns)

    def items(top: float) -> Iterator[Item]:
        for i, (entry, label) in enumerate(zip(entries, labels, strict=True)):
            x, y = MARGIN + i // n_rows * wide, top + TEXT * (1 + LINE * (i % n_rows))
            fill, edge = palette.color(entry.color), palette.background
            at = point(x + 6, y - 0.35 * TEXT)
            yield Markers(positions=at, shape=shape(entry.color), size=11, fill=fill, edge=edge)
            yield TextItem(x=x + _SWATCH, y=y, text=label, size=TEXT, color=palette.color("ink"))

    return n_rows * TEXT * LINE + (8 if entries else 0), items


def _notes(chart: Chart, palette: Palette) -> Part:
    lines = [
        line for note in chart.notes for line in wrapped(note, SMALL, chart.width - 2 * MARGIN)
    ]

    def items(top: float) -> Iterator[Item]:
        for i, line in enumerate(lines):
            yield TextItem(
                x=MARGIN,
                y=top + SMALL * (1 + LINE * i),
                text=line,
                size=SMALL,
                color=palette.color("muted"),
            )

    return len(lines) * SMALL * LINE, items
