"""Puts a chart on paper: title, panels, legend and notes one below the other, so that nothing lies upon another."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final

from models.charts.axes import Frame, axes_items
from models.charts.scene import Item, Markers, Scene, TextItem, place
from models.charts.spec import Chart
from models.charts.text_metrics import shortened, width, wrapped
from models.charts.theme import Palette, shape

MARGIN: Final = 18.0
GUTTER: Final = 22.0
TITLE, TEXT, SMALL = 18.0, 13.0, 12.0
LINE: Final = 1.45
MOST_LABEL: Final = 396.0
_SWATCH: Final = 22.0

Part = tuple[float, Callable[[float], Iterator[Item]]]  # how high it is, and its shapes from a height down


def layout_chart(chart: Chart, look: Palette) -> Scene:
    """Give every shape of a chart its place.

    Parameters
    ----------
    chart
        What to show.
    look
        The theme.

    Returns
    -------
    Scene
        As wide as the chart, as high as it takes.
    """
    parts = [_title(chart, look), _layout_panels(chart, look), _legend(chart, look), _notes(chart, look)]
    tops = list(accumulate((height for height, _ in parts), initial=MARGIN))
    return Scene(
        title=chart.title,
        notes=chart.notes,
        width=chart.width,
        height=tops[-1] + MARGIN,
        background=look.background,
        items=[item for top, (_, items) in zip(tops, parts, strict=False) for item in items(top)],
    )


def _title(chart: Chart, look: Palette) -> Part:
    lines = wrapped(chart.title, TITLE, chart.width - 2 * MARGIN)

    def items(top: float) -> Iterator[Item]:
        for i, line in enumerate(lines):
            baseline = top + TITLE * (1 + LINE * i)
            yield TextItem(x=MARGIN, y=baseline, text=line, size=TITLE, color=look.color("ink"), bold=True)

    return len(lines) * TITLE * LINE + 8, items


def _layout_panels(chart: Chart, look: Palette) -> Part:
    columns = min(chart.columns, len(chart.panels)) or 1
    n_rows = -(-len(chart.panels) // columns)
    room = (chart.width - 2 * MARGIN - GUTTER * (columns - 1)) / columns

    def items(top: float) -> Iterator[Item]:
        for i, panel in enumerate(chart.panels):
            row, column = divmod(i, columns)
            frame = Frame(MARGIN + column * (room + GUTTER), top + row * (chart.height + GUTTER), room, chart.height)
            yield from axes_items(panel, frame, look)

    return n_rows * (chart.height + GUTTER), items


def _legend(chart: Chart, look: Palette) -> Part:
    """Lay the entries out in as many columns as their labels leave room for."""
    entries = chart.legend
    labels = [shortened(entry.label, TEXT, MOST_LABEL) for entry in entries]
    wide = max((width(label, TEXT) for label in labels), default=0.0) + _SWATCH + GUTTER
    columns = max(1, int((chart.width - 2 * MARGIN + GUTTER) // wide))
    n_rows = -(-len(entries) // columns)

    def items(top: float) -> Iterator[Item]:
        for i, (entry, label) in enumerate(zip(entries, labels, strict=True)):
            x, y = MARGIN + i // n_rows * wide, top + TEXT * (1 + LINE * (i % n_rows))
            fill, edge = look.color(entry.color), look.background
            at = place(x + 6, y - 0.35 * TEXT)
            yield Markers(places=at, shape=shape(entry.color), size=11, fill=fill, edge=edge)
            yield TextItem(x=x + _SWATCH, y=y, text=label, size=TEXT, color=look.color("ink"))

    return n_rows * TEXT * LINE + (8 if entries else 0), items


def _notes(chart: Chart, look: Palette) -> Part:
    lines = [line for note in chart.notes for line in wrapped(note, SMALL, chart.width - 2 * MARGIN)]

    def items(top: float) -> Iterator[Item]:
        for i, line in enumerate(lines):
            yield TextItem(x=MARGIN, y=top + SMALL * (1 + LINE * i), text=line, size=SMALL, color=look.color("muted"))

    return len(lines) * SMALL * LINE, items
