"""Segments side by side, as lines through their traits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.drawing.chart import Axis, Chart, Line, Mark, Panel, Points, enumerated, span
from models.figures.segments import legend
from models.figures.subjects import Segmented
from models.figures.table import Table
from models.figures.traits import left_out, trait_table

HEIGHT = 440.0


@dataclass(frozen=True, kw_only=True)
class Snake:
    """How the segments differ, column by column."""

    name: Literal["snake"] = "snake"

    def absent(self, version: Segmented) -> str | None:
        """Without customers there is no average."""
        return version.unseen

    def data(self, version: Segmented) -> Table:
        """Give the score of each trait of each segment."""
        return trait_table(version, [*left_out(version), *version.placed.sampled, *version.notes])

    def draw(self, version: Segmented, table: Table) -> Chart:
        """Draw a line for each segment."""
        labels = list(dict.fromkeys(table.texts("trait")))
        scores = table.numbers("score").reshape(len(version.shown), len(labels))
        typical = np.array(table.texts("typical"), dtype=object).reshape(scores.shape)
        at = np.arange(len(labels), dtype=np.float64)
        marks: list[Mark] = [Line(x=at[[0, -1]], y=np.zeros(2), color="muted", dashed=True, width=1)]
        for segment, line, said in zip(version.shown, scores, typical, strict=True):
            hover = [f"{segment.name}\n{label}: {text}" for label, text in zip(labels, said.tolist(), strict=True)]
            marks.append(Line(x=at, y=line, color=segment.index))
            marks.append(Points(x=at, y=line, color=segment.index, size=9, label=segment.name, hover=hover))
        low, high = span(scores, around=0.0, margin=0.1)
        y = Axis(low=low - 0.1, high=high + 0.1, title="standard deviations from the average")
        title = "How the segments differ from the average customer"
        panels = [Panel(x=enumerated(labels), y=y, marks=marks)]
        return Chart(title=title, panels=panels, notes=table.notes, legend=legend(version), height=HEIGHT)
