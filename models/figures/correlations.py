"""Heat map of the correlations between columns."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.charts.spec import Cells, Chart, Panel, category_axis
from models.figures.data import FigureData
from models.figures.inputs import DatasetInput
from models.figures.segment_axes import height
from models.summary.correlations import Measure

MAX_COLUMNS: Final = 24
MIN_COLUMNS: Final = 2
ROOM_BELOW: Final = 120.0
MEASURES: Final[tuple[Measure, ...]] = ("spearman", "cramers_v", "correlation_ratio")
NOTE: Final = (
    "Between two numbers Spearman's correlation, red where they rise together, blue where one "
    "falls; between two categories Cramér's V, between a category and a number the correlation "
    "ratio, both from 0 to 1. Empty: not known."
)


@dataclass(frozen=True, kw_only=True)
class Correlations:
    """Correlation of each pair of columns."""

    name: Literal["correlations"] = "correlations"

    def unavailable_reason(self, dataset: DatasetInput) -> str | None:
        """Return the reason if there are fewer than two usable columns."""
        return (
            None
            if len(dataset.usable) >= MIN_COLUMNS
            else "At least two columns with different values are needed."
        )

    def data(self, dataset: DatasetInput) -> FigureData:
        """Return each pair of columns once, with the measure for their kinds."""
        names = dataset.usable[:MAX_COLUMNS]
        rows = tuple(
            (pair.a, pair.b, pair.measure, pair.value)
            for pair in dataset.summary.correlations
            if pair.measure in MEASURES and pair.a in names and pair.b in names
        )
        more = len(dataset.usable) - MAX_COLUMNS
        left = (f"{more} more columns are not shown.",) if more > 0 else ()
        return FigureData(columns=("a", "b", "measure", "value"), rows=rows, notes=(NOTE, *left))

    def draw(self, dataset: DatasetInput, table: FigureData) -> Chart:
        """Draw a symmetric heat map."""
        names = dataset.usable[:MAX_COLUMNS]
        values = np.full((len(names), len(names)), np.nan)
        for a, b, value in zip(
            table.texts("a"), table.texts("b"), table.numbers("value"), strict=True
        ):
            i, j = names.index(a), names.index(b)
            values[i, j] = values[j, i] = value
        texts = [
            [f"{value:.2f}" if np.isfinite(value) else "" for value in row]
            for row in values.tolist()
        ]
        hover = [
            [f"{a}\n{b}\n{texts[i][j]}" for j, b in enumerate(names)] for i, a in enumerate(names)
        ]
        cells = Cells(values=values, reach=1.0, texts=texts, hover=hover)
        panel = Panel(x=category_axis(names), y=category_axis(names, downwards=True), marks=[cells])
        tall = height(len(names)) + ROOM_BELOW
        return Chart(
            title="Correlations between columns", panels=[panel], notes=table.notes, height=tall
        )
