"""Bar chart of segment sizes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Label, Panel
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import height, rows

ROOM_FOR_LABELS = 1.22


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Number of customers in each segment."""

    name: Literal["sizes"] = "sizes"

    def unavailable_reason(self, version: VersionInput) -> str | None:  # noqa: ARG002 - every version has sizes
        """Return None: every version has sizes."""
        return None

    def data(self, version: VersionInput) -> FigureData:
        """Return the size of each segment."""
        shown = version.shown
        sizes = [(each.name, each.n_customers, each.share) for each in shown]
        return FigureData(
            columns=("segment", "n_customers", "share"),
            rows=tuple(sizes),
            notes=tuple(version.notes),
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a bar for each segment."""
        sizes, shares = table.numbers("n_customers"), table.numbers("share")
        at = np.arange(len(sizes), dtype=np.float64)
        texts = [
            f"{size:,.0f} ({100 * share:.1f} %)" for size, share in zip(sizes, shares, strict=True)
        ]
        hover = [
            f"{name}\n{text}" for name, text in zip(table.texts("segment"), texts, strict=True)
        ]
        colors = [segment.index for segment in version.shown]
        bars = Bars(
            at=at, low=np.zeros_like(sizes), high=sizes, colors=colors, horizontal=True, hover=hover
        )
        labels = [
            Label(x=size, y=y, text=text, anchor="start")
            for size, y, text in zip(sizes.tolist(), at.tolist(), texts, strict=True)
        ]
        x = Axis(
            low=0, high=max(float(sizes.max(initial=0)), 1.0) * ROOM_FOR_LABELS, title="customers"
        )
        panel = Panel(x=x, y=rows(version.shown), marks=[bars, *labels])
        return Chart(
            title="Size of each segment",
            panels=[panel],
            notes=table.notes,
            height=height(len(sizes)),
        )
