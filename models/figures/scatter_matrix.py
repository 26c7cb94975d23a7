"""Scatter matrix of the numeric columns of a dataset."""

from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np

from models.charts.spec import Axis, Chart, Panel, Points, span
from models.figures.data import FigureData
from models.figures.inputs import DatasetInput

MIN_COLUMNS: Final = 2
MAX_COLUMNS: Final = 5
MAX_DRAWN: Final = 500
HEIGHTS: Final = {1: 420.0, 2: 330.0, 3: 240.0, 4: 200.0}
BLANK: Final = Axis(low=0, high=1, hidden=True, grid=False)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Scatter plot of each pair of numeric columns."""

    name: Literal["pairs"] = "pairs"

    def unavailable_reason(self, dataset: DatasetInput) -> str | None:
        """Return the reason if there are fewer than two numeric columns."""
        if len(dataset.names("numeric")) < MIN_COLUMNS:
            return "At least two numeric columns with different values are needed."
        return None

    def data(self, dataset: DatasetInput) -> FigureData:
        """Return the numbers of sampled customers, without ids."""
        names, customers = dataset.names("numeric")[:MAX_COLUMNS], dataset.customers
        rng = np.random.default_rng(0)
        rows = np.sort(rng.choice(customers.n, min(customers.n, MAX_DRAWN), replace=False))
        drawn = (
            [f"{len(rows):,} of {customers.n_all:,} customers are drawn."]
            if len(rows) < customers.n_all
            else []
        )
        more = len(dataset.names("numeric")) - MAX_COLUMNS
        left = [f"{more} more columns of numbers are not shown."] if more > 0 else []
        return FigureData.of(
            {name: customers.cells[name][rows] for name in names}, notes=[*drawn, *left]
        )

    def draw(self, dataset: DatasetInput, table: FigureData) -> Chart:  # noqa: ARG002 - part of the protocol
        """Draw a panel for each pair, below the diagonal."""
        n = len(table.columns) - 1
        panels = [
            _panel(table, j, i + 1, labelled=(i == n - 1, j == 0))
            for i, j in product(range(n), repeat=2)
        ]
        title = "Every two numbers against each other"
        return Chart(title=title, panels=panels, notes=table.notes, columns=n, height=HEIGHTS[n])


def _panel(table: FigureData, across: int, up: int, *, labelled: tuple[bool, bool]) -> Panel:
    if across >= up:
        return Panel(x=BLANK, y=BLANK, marks=[])
    x, y = table.numbers(table.columns[across]), table.numbers(table.columns[up])
    titles = [
        name if shown else ""
        for name, shown in zip((table.columns[across], table.columns[up]), labelled, strict=True)
    ]
    axes = [
        Axis(low=low, high=high, title=title)
        for (low, high), title in zip((span(x), span(y)), titles, strict=True)
    ]
    return Panel(x=axes[0], y=axes[1], marks=[Points(x=x, y=y, size=4)])
