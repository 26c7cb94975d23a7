"""Radar chart of each segment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Anchor, Area, Axis, Chart, Label, Line, Mark, Panel
from models.charts.text_metrics import shortened
from models.figures.data import FigureData
from models.figures.inputs import Segment, VersionInput
from models.figures.segment_scores import trait_table, traits

MIN_TRAITS: Final = 3
MAX_TRAITS: Final = 8
REACH: Final = 2.0  # standard deviations from the average to the rim
HEIGHT: Final = 275.0
COLUMNS: Final = 2
ROOM: Final = 94.0
WIDE: Final = 1.66  # of a panel, against its height
TEXT: Final = 12.0
UPRIGHT: Final = 0.1
NOTE: Final = (
    "The dashed ring is the average customer; each ring is one standard deviation, and what lies "
    "beyond two is drawn at the rim."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Radar:
    """Radar chart of each segment, relative to the average customer."""

    name: Literal["radar"] = "radar"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if there are fewer than three traits, or without customers."""
        if version.no_customers_reason or len(traits(version)) >= MIN_TRAITS:
            return version.no_customers_reason
        return "A radar chart needs at least three columns or categories."

    def data(self, version: VersionInput) -> FigureData:
        """Return the scores of the first traits of each segment."""
        left = (
            [f"The first {MAX_TRAITS} columns and categories are shown."]
            if len(traits(version)) > MAX_TRAITS
            else []
        )
        table = trait_table(version, [NOTE, *left, *version.sample.coverage_notes, *version.notes])
        kept = {trait.label for trait in traits(version)[:MAX_TRAITS]}
        return FigureData(
            columns=table.columns,
            rows=tuple(row for row in table.rows if row[1] in kept),
            notes=table.notes,
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw each segment in a panel of its own, since overlapping shapes hide each other."""
        panels = [
            self._panel(segment, table.where("segment", segment.name)) for segment in version.shown
        ]
        title = "The shape of each segment, against the average customer"
        return Chart(title=title, panels=panels, notes=table.notes, columns=COLUMNS, height=HEIGHT)

    def _panel(self, segment: Segment, table: FigureData) -> Panel:
        labels, scores = table.texts("trait"), table.numbers("score")
        angles = np.pi / 2 - 2 * np.pi * np.arange(len(labels)) / len(labels)
        radii = np.clip(np.nan_to_num(scores), -REACH, REACH) + REACH
        x, y = _close(radii * np.cos(angles)), _close(radii * np.sin(angles))
        hover = [
            f"{label}: {typical}"
            for label, typical in zip(labels, table.texts("typical"), strict=True)
        ]
        shape: list[Mark] = [
            Area(x=x, y=y, color=segment.index, opacity=0.35, label="\n".join(hover)),
            Line(x=x, y=y, color=segment.index, hover=[*hover, hover[0]]),
        ]
        ends = 2 * REACH * 1.28
        axis = Axis(low=-ends * WIDE, high=ends * WIDE, hidden=True, grid=False)
        upright = Axis(low=-ends, high=ends, hidden=True, grid=False)
        marks = [*_grid(angles), *shape, *_labels(labels, angles)]
        return Panel(x=axis, y=upright, marks=marks, title=segment.name)


def _grid(angles: Floats) -> Iterator[Mark]:
    for radius in np.arange(1.0, 2 * REACH + 1):
        average = radius == REACH
        x, y = _close(radius * np.cos(angles)), _close(radius * np.sin(angles))
        yield Line(x=x, y=y, color="muted" if average else "grid", width=1, dashed=bool(average))


def _labels(labels: Sequence[str], angles: Floats) -> Iterator[Mark]:
    for label, angle in zip(labels, angles.tolist(), strict=True):
        x, y = 2 * REACH * 1.12 * np.cos(angle), 2 * REACH * 1.14 * np.sin(angle)
        side: Anchor = "middle" if abs(x) < UPRIGHT else "start" if x > 0 else "end"
        room = 2 * ROOM if side == "middle" else ROOM
        yield Label(
            x=float(x), y=float(y), text=shortened(label, TEXT, room), anchor=side, color="muted"
        )


def _close(values: Floats) -> Floats:
    return np.append(values, values[:1])
