"""Transition matrix of customers between two versions, as a heat map."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.charts.spec import Cells, Chart, Panel, category_axis
from models.figures.comparison import ComparisonInput, moved_title, shares
from models.figures.data import FigureData
from models.figures.segment_axes import height

ROOM_BELOW: Final = 130.0
MIN_SHARE: Final = 0.005
NOTE: Final = (
    "Rows are segments of the earlier version. Blue cells are customers that stay in "
    "their segment, red ones move."
)


@dataclass(frozen=True, kw_only=True)
class TransitionMatrix:
    """Flows of customers between segments, as shares of the earlier segment."""

    name: Literal["moves"] = "moves"

    def unavailable_reason(self, versions: ComparisonInput) -> str | None:
        """Return the reason if no customer is assigned by both versions."""
        return versions.empty_reason

    def data(self, versions: ComparisonInput) -> FigureData:
        """Return all flows, segment by segment."""
        found = sorted(versions.flows, key=lambda flow: flow.source.index)
        rows = [
            (each.source.name, each.target.name, each.n_customers, each.share) for each in found
        ]
        columns = ("from_segment", "to_segment", "n_customers", "share_of_segment")
        return FigureData(columns=columns, rows=tuple(rows), notes=(NOTE, *versions.notes))

    def draw(self, versions: ComparisonInput, table: FigureData) -> Chart:
        """Draw a cell for each pair of segments, empty without customers."""
        shown = versions.for_display
        before, after = (
            [segment.name for segment in segments] for segments in (shown.before, shown.after)
        )
        parts = shares(shown.counts)
        stays = np.array([[a.key == b.key for b in shown.after] for a in shown.before])
        hover = [
            [
                f"{a} → {b}\n{shown.counts[i, j]:,} customers, {_percent(parts[i, j])} of {a}"
                for j, b in enumerate(after)
            ]
            for i, a in enumerate(before)
        ]
        texts = [
            [_percent(part) if part >= MIN_SHARE else "" for part in row] for row in parts.tolist()
        ]
        values = np.where(parts > 0, np.where(stays, -parts, parts), np.nan)
        x, y = (
            category_axis(names, f"version {number}", downwards=down)
            for names, number, down in zip(
                (after, before), versions.numbers[::-1], (False, True), strict=True
            )
        )
        panel = Panel(x=x, y=y, marks=[Cells(values=values, reach=1.0, texts=texts, hover=hover)])
        return Chart(
            title=moved_title(versions),
            panels=[panel],
            notes=table.notes,
            height=height(len(before)) + ROOM_BELOW,
        )


def _percent(share: float) -> str:
    return "< 1 %" if 0 < share < MIN_SHARE else f"{100 * share:.0f} %"
