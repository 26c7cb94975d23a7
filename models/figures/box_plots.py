"""How each number is spread within each segment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Chart, Mark, Panel, span
from models.charts.text_metrics import width
from models.charts.ticks import number
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import Spread, box, height, rows, spread

MOST = 12
BRIEF = 10.0  # ems, for two panels with names to stand beside one another
COLUMNS = ("low", "q1", "median", "q3", "high")
NOTE = "The box holds the middle half of a segment, its line is the median; whiskers reach 1.5 times as far at most."


@dataclass(frozen=True, kw_only=True)
class BoxPlots:
    """How each number is spread within each segment (Tukey 1977)."""

    name: Literal["boxes"] = "boxes"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Categories are not spread."""
        return version.unseen if version.numeric else "The segments differ in categories only: see their profiles."

    def data(self, version: VersionInput) -> FigureData:
        """Give the five figures of each number of each segment, in own units."""
        placed, cells = version.placed, []
        for name in version.numeric[:MOST]:
            for segment in version.shown:
                found = spread(placed.cells[name][placed.labels == segment.index])
                cells.append((name, segment.name, *(getattr(found, each, None) for each in COLUMNS)))
        more = len(version.numeric) - MOST
        left = [f"{more} more numbers are not shown."] if more > 0 else []
        notes = (NOTE, *left, *placed.sampled, *version.notes)
        return FigureData(columns=("feature", "segment", *COLUMNS), rows=tuple(cells), notes=notes)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a panel for each number, with a box for each segment."""
        names = version.numeric[:MOST]
        panels = [self._panel(version, name, table.where("feature", name)) for name in names]
        brief = all(width(segment.name, 1.0) <= BRIEF for segment in version.shown)
        columns = min(len(names), 2) if brief else 1
        title = "How the numbers are spread within each segment"
        tall = height(len(version.shown))
        return Chart(title=title, panels=panels, notes=table.notes, columns=columns, height=tall)

    def _panel(self, version: VersionInput, name: str, table: FigureData) -> Panel:
        figures = np.column_stack([table.numbers(each) for each in COLUMNS])
        low, high = span(figures)
        marks = [mark for i, segment in enumerate(version.shown) for mark in _box(figures[i], i, segment.index)]
        return Panel(x=Axis(low=low, high=high, title=name), y=rows(version.shown), marks=marks)


def _box(figures: np.ndarray, row: int, color: int) -> Iterator[Mark]:
    if not np.isfinite(figures).all():
        return
    found = Spread(**dict(zip(COLUMNS, figures.tolist(), strict=True)))
    says = f"median {number(found.median)}, middle half from {number(found.q1)} to {number(found.q3)}"
    yield from box(found, float(row), color, says)
