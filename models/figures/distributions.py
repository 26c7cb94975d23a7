"""Histograms and bar charts of the columns of a dataset."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Color, Panel, category_axis
from models.charts.ticks import number
from models.figures.data import Cell, FigureData
from models.figures.inputs import DatasetInput
from models.summary.columns import ColumnSummary

MAX_COLUMNS = 24
MAX_CATEGORIES = 8
GRID = 3
HEIGHT = 225.0
OTHERS = "all others"
ROOM = 1.05


@dataclass(frozen=True, kw_only=True)
class Distributions:
    """Distribution of the values of each column."""

    name: Literal["distributions"] = "distributions"

    def unavailable_reason(self, dataset: DatasetInput) -> str | None:
        """Return the reason if no column is numeric or categorical."""
        return None if dataset.usable else "No column holds numbers or categories."

    def data(self, dataset: DatasetInput) -> FigureData:
        """Return the counts of each column: by histogram bin or by most common category."""
        described = [each for each in dataset.summary.columns if each.numeric or each.categorical]
        rows = tuple(row for column in described[:MAX_COLUMNS] for row in _counts(column))
        more = len(described) - MAX_COLUMNS
        notes = (f"{more} more columns are not shown.",) if more > 0 else ()
        return FigureData(
            columns=("column", "value", "from", "to", "n_customers"), rows=rows, notes=notes
        )

    def draw(self, dataset: DatasetInput, table: FigureData) -> Chart:  # noqa: ARG002 - part of the protocol
        """Draw a panel for each column."""
        panels = [
            _panel(name, table.where("column", name))
            for name in dict.fromkeys(table.texts("column"))
        ]
        title = "Distribution of each column"
        return Chart(title=title, panels=panels, notes=table.notes, columns=GRID, height=HEIGHT)


def _counts(column: ColumnSummary) -> Iterator[tuple[Cell, ...]]:
    if column.numeric:
        bins = column.numeric.histogram
        for low, high, n in zip(bins.edges[:-1], bins.edges[1:], bins.counts, strict=True):
            yield column.name, f"{number(low)} to {number(high)}", low, high, n
    if column.categorical:
        shown = column.categorical.top[:MAX_CATEGORIES]
        for top in shown:
            yield column.name, top.value, None, None, top.count
        if len(shown) < column.categorical.distinct:
            n_others = column.categorical.n - sum(top.count for top in shown)
            yield column.name, OTHERS, None, None, n_others


def _panel(name: str, table: FigureData) -> Panel:
    low, high, counts = table.numbers("from"), table.numbers("to"), table.numbers("n_customers")
    hover = [
        f"{value}\n{n:,.0f} customers"
        for value, n in zip(table.texts("value"), counts, strict=True)
    ]
    base = np.zeros_like(counts)
    colors: list[Color] = ["accent"] * len(counts)
    most = Axis(low=0, high=max(float(counts.max()), 1.0) * ROOM)
    if np.isnan(low).any():
        at = np.arange(len(counts), dtype=np.float64)
        bars = Bars(at=at, low=base, high=counts, colors=colors, horizontal=True, hover=hover)
        return Panel(
            x=most, y=category_axis(table.texts("value"), downwards=True), marks=[bars], title=name
        )
    width = float((high - low).mean()) * 0.94
    bars = Bars(at=(low + high) / 2, low=base, high=counts, colors=colors, width=width, hover=hover)
    return Panel(
        x=Axis(low=float(low[0]), high=float(high[-1]), grid=False),
        y=most,
        marks=[bars],
        title=name,
    )
