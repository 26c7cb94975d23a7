"""Segments side by side, as lines through their traits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Axis, Chart, Line, Mark, Panel, Points, numbered_axis, span
from models.figures.data import FigureData
from models.figures.inputs import Segment, VersionInput
from models.figures.segment_axes import legend
from models.figures.segment_scores import left_out, trait_table

HEIGHT: Final = 440.0
MOST_TOGETHER: Final = 8  # lines that can still be told apart
HEIGHT_APART: Final = 190.0
TITLE: Final = "How the segments differ from the average customer"
UNIT: Final = "standard deviations from the average"

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Snake:
    """How the segments differ, column by column."""

    name: Literal["snake"] = "snake"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Without customers there is no average."""
        return version.unseen

    def data(self, version: VersionInput) -> FigureData:
        """Give the score of each trait of each segment."""
        return trait_table(version, [*left_out(version), *version.placed.sampled, *version.notes])

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a line for each segment: in one panel, or, where they are many, each in its own upon all others."""
        labels = list(dict.fromkeys(table.texts("trait")))
        lines = {each.name: _line(each, table.where("segment", each.name)) for each in version.shown}
        low, high = span(table.numbers("score"), around=0.0, margin=0.1)
        y = Axis(low=low - 0.1, high=high + 0.1, title=UNIT)
        if len(lines) > MOST_TOGETHER:
            return _separate_labels(lines, labels, y, table)
        marks = [_average(labels), *(mark for line in lines.values() for mark in line)]
        panels = [Panel(x=numbered_axis(labels), y=y, marks=marks)]
        return Chart(title=TITLE, panels=panels, notes=table.notes, legend=legend(version), height=HEIGHT)


def _line(segment: Segment, table: FigureData) -> list[Mark]:
    scores, at = table.numbers("score"), np.arange(len(table.rows), dtype=np.float64)
    said = zip(table.texts("trait"), table.texts("typical"), strict=True)
    hover = [f"{segment.name}\n{label}: {typical}" for label, typical in said]
    line = Line(x=at, y=scores, color=segment.index)
    return [line, Points(x=at, y=scores, color=segment.index, size=9, label=segment.name, hover=hover)]


def _average(labels: Sequence[str]) -> Line:
    return Line(x=np.array([0.0, len(labels) - 1.0]), y=np.zeros(2), color="muted", dashed=True, width=1)


def _separate_labels(lines: Mapping[str, Sequence[Mark]], labels: Sequence[str], y: Axis, table: FigureData) -> Chart:
    """Draw each segment upon all others; its traits have numbers, which the notes explain."""
    x, y = numbered_axis([str(i) for i in range(1, len(labels) + 1)]), replace(y, title="")
    behind = [_together(table.numbers("score"), len(labels)), _average(labels)]
    panels = [Panel(x=x, y=y, marks=[*behind, *line], title=name) for name, line in lines.items()]
    key = "; ".join(f"{i} {label}" for i, label in enumerate(labels, start=1))
    notes = [f"Up and down: {UNIT}. From left to right: {key}.", *table.notes]
    return Chart(title=TITLE, panels=panels, notes=notes, columns=2, height=HEIGHT_APART)


def _together(scores: Floats, n_traits: int) -> Line:
    """Draw all segments as one pale line, interrupted between them."""
    n = len(scores) // n_traits
    x = np.tile(np.arange(n_traits + 1, dtype=np.float64), n)
    y = np.column_stack([scores.reshape(n, n_traits), np.full(n, np.nan)])
    return Line(x=x, y=y.ravel(), color="grid", width=1)
