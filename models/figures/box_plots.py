"""Box plots of the numeric features by segment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Chart, Mark, Panel, span
from models.charts.text_metrics import width
from models.charts.ticks import number
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import BoxStats, box, box_stats, height, rows

MAX_FEATURES = 12
MAX_NAME_WIDTH = 10.0  # ems, for two panels in a row
COLUMNS = ("low", "q1", "median", "q3", "high")
NOTE = (
    "The box holds the middle half of a segment, its line is the median; whiskers reach 1.5 "
    "times as far at most."
)


@dataclass(frozen=True, kw_only=True)
class BoxPlots:
    """Box plots of each numeric feature by segment (Tukey 1977)."""

    name: Literal["boxes"] = "boxes"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if no feature is numeric, or without customers."""
        if not version.numeric:
            return "The segments differ in categories only: see their profiles."
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Compute the five-number summary of each feature in each segment, in original units."""
        sample, cells = version.sample, []
        for name in version.numeric[:MAX_FEATURES]:
            for segment in version.shown:
                box_values = box_stats(sample.cells[name][sample.labels == segment.index])
                cells.append(
                    (name, segment.name, *(getattr(box_values, each, None) for each in COLUMNS))
                )
        more = len(version.numeric) - MAX_FEATURES
        left = [f"{more} more numbers are not shown."] if more > 0 else []
        notes = (NOTE, *left, *sample.coverage_notes, *version.notes)
        return FigureData(columns=("feature", "segment", *COLUMNS), rows=tuple(cells), notes=notes)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a panel for each feature, with a box for each segment."""
        names = version.numeric[:MAX_FEATURES]
        panels = [self._panel(version, name, table.where("feature", name)) for name in names]
        are_short = all(width(segment.name, 1.0) <= MAX_NAME_WIDTH for segment in version.shown)
        columns = min(len(names), 2) if are_short else 1
        title = "How the numbers are spread within each segment"
        tall = height(len(version.shown))
        return Chart(title=title, panels=panels, notes=table.notes, columns=columns, height=tall)

    def _panel(self, version: VersionInput, name: str, table: FigureData) -> Panel:
        figures = np.column_stack([table.numbers(each) for each in COLUMNS])
        low, high = span(figures)
        marks = [
            mark
            for i, segment in enumerate(version.shown)
            for mark in _box(figures[i], i, segment.index)
        ]
        return Panel(x=Axis(low=low, high=high, title=name), y=rows(version.shown), marks=marks)


def _box(figures: np.ndarray, row: int, color: int) -> Iterator[Mark]:
    if not np.isfinite(figures).all():
        return
    box_values = BoxStats(**dict(zip(COLUMNS, figures.tolist(), strict=True)))
    hover = (
        f"median {number(box_values.median)}, middle half from {number(box_values.q1)} to "
        f"{number(box_values.q3)}"
    )
    yield from box(box_values, float(row), color, hover)
