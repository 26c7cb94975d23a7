"""Snake plot: the traits of segments as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Axis, Chart, Line, Mark, Panel, Points, category_axis, span
from models.figures.data import FigureData
from models.figures.inputs import Segment, VersionInput
from models.figures.segment_axes import legend
from models.figures.segment_scores import omitted_note, trait_table

HEIGHT: Final = 440.0
MAX_LINES: Final = 8  # lines that remain distinguishable in one panel
HEIGHT_PER_SEGMENT: Final = 190.0
TITLE: Final = "How the segments differ from the average customer"
UNIT: Final = "standard deviations from the average"

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Snake:
    """Differences of the segments from the average customer, trait by trait."""

    name: Literal["snake"] = "snake"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if the customers are not available."""
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Return the score of each trait of each segment."""
        return trait_table(
            version, [*omitted_note(version), *version.sample.coverage_notes, *version.notes]
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the line of each segment in one panel or, if there are many, in its own panel."""
        labels = list(dict.fromkeys(table.texts("trait")))
        lines = {
            each.name: _line(each, table.where("segment", each.name)) for each in version.shown
        }
        low, high = span(table.numbers("score"), around=0.0, margin=0.1)
        y = Axis(low=low - 0.1, high=high + 0.1, title=UNIT)
        if len(lines) > MAX_LINES:
            return _small_multiples(lines, labels, y, table)
        marks = [_average(labels), *(mark for line in lines.values() for mark in line)]
        panels = [Panel(x=category_axis(labels), y=y, marks=marks)]
        return Chart(
            title=TITLE, panels=panels, notes=table.notes, legend=legend(version), height=HEIGHT
        )


def _line(segment: Segment, table: FigureData) -> list[Mark]:
    scores, at = table.numbers("score"), np.arange(len(table.rows), dtype=np.float64)
    pairs = zip(table.texts("trait"), table.texts("typical"), strict=True)
    hover = [f"{segment.name}\n{label}: {typical}" for label, typical in pairs]
    line = Line(x=at, y=scores, color=segment.index)
    return [
        line,
        Points(x=at, y=scores, color=segment.index, size=9, label=segment.name, hover=hover),
    ]


def _average(labels: Sequence[str]) -> Line:
    return Line(
        x=np.array([0.0, len(labels) - 1.0]), y=np.zeros(2), color="muted", dashed=True, width=1
    )


def _small_multiples(
    lines: Mapping[str, Sequence[Mark]], labels: Sequence[str], y: Axis, table: FigureData
) -> Chart:
    """Draw each segment over all others in its own panel; notes explain the numbered traits."""
    x, y = category_axis([str(i) for i in range(1, len(labels) + 1)]), replace(y, title="")
    behind = [_background(table.numbers("score"), len(labels)), _average(labels)]
    panels = [Panel(x=x, y=y, marks=[*behind, *line], title=name) for name, line in lines.items()]
    key = "; ".join(f"{i} {label}" for i, label in enumerate(labels, start=1))
    notes = [f"Up and down: {UNIT}. From left to right: {key}.", *table.notes]
    return Chart(title=TITLE, panels=panels, notes=notes, columns=2, height=HEIGHT_PER_SEGMENT)


def _background(scores: Floats, n_traits: int) -> Line:
    """Draw all segments as one pale line with gaps."""
    n = len(scores) // n_traits
    x = np.tile(np.arange(n_traits + 1, dtype=np.float64), n)
    y = np.column_stack([scores.reshape(n, n_traits), np.full(n, np.nan)])
    return Line(x=x, y=y.ravel(), color="grid", width=1)
