"""Bar chart of missing values by column."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Label, Panel, category_axis
from models.figures.data import FigureData
from models.figures.inputs import DatasetInput
from models.figures.segment_axes import height

MAX_COLUMNS: Final = 40
WHOLE: Final = 118.0  # percent, with room for labels beside the bars


@dataclass(frozen=True, kw_only=True)
class MissingValues:
    """Missing values of each column."""

    name: Literal["missing-values"] = "missing-values"

    def unavailable_reason(self, dataset: DatasetInput) -> str | None:
        """Return the reason if no value is missing."""
        return None if any(column.missing for column in dataset.columns) else "No value is missing."

    def data(self, dataset: DatasetInput) -> FigureData:
        """Return the missing values of each incomplete column, the most first."""
        missing = sorted(
            (c for c in dataset.columns if c.missing), key=lambda column: -column.missing
        )
        n = max(dataset.n_customers, 1)
        rows = tuple(
            (column.name, column.missing, column.missing / n) for column in missing[:MAX_COLUMNS]
        )
        more = len(missing) - MAX_COLUMNS
        left = (f"{more} more columns have missing values.",) if more > 0 else ()
        n_complete = len(dataset.columns) - len(missing)
        notes = (f"{n_complete} of {len(dataset.columns)} columns have no missing values.", *left)
        return FigureData(columns=("column", "missing", "share"), rows=rows, notes=notes)

    def draw(self, dataset: DatasetInput, table: FigureData) -> Chart:
        """Draw a bar for each column."""
        shares = 100 * table.numbers("share")
        at = np.arange(len(shares), dtype=np.float64)
        texts = [
            f"{n:,.0f} ({share:.1f} %)"
            for n, share in zip(table.numbers("missing"), shares, strict=True)
        ]
        bars = Bars(
            at=at,
            low=np.zeros_like(at),
            high=shares,
            colors=["warm"] * len(at),
            horizontal=True,
            hover=texts,
        )
        labels = [
            Label(x=x, y=y, text=text, anchor="start")
            for x, y, text in zip(shares.tolist(), at.tolist(), texts, strict=True)
        ]
        ticks = [(float(share), f"{share} %") for share in range(0, 101, 20)]
        x = Axis(low=0, high=WHOLE, ticks=ticks, title="of the customers")
        panel = Panel(
            x=x, y=category_axis(table.texts("column"), downwards=True), marks=[bars, *labels]
        )
        title = f"Missing values of {dataset.n_customers:,} customers"
        return Chart(title=title, panels=[panel], notes=table.notes, height=height(len(at)))
