"""Distances of customers from the center of their segment, with outliers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Chart, Mark, Panel, Points, span
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import box, box_stats, height, rows

NOTE = (
    "In hierarchical versions a segment has many centers, and the nearest one counts. Points are "
    "outliers: a value beyond its fence, or too far from the center for this segment."
)


@dataclass(frozen=True, kw_only=True)
class Distances:
    """Distances of customers from the center of their segment, with outliers."""

    name: Literal["distances"] = "distances"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if the customers are not available."""
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Return the distance of each drawn customer, in prepared units, and an outlier mask."""
        sample = version.sample
        names = {segment.index: segment.name for segment in version.shown}
        segments = [names[label] for label in sample.labels[sample.drawn].tolist()]
        columns = {
            "distance": sample.distance[sample.drawn],
            "outlier": sample.outlier[sample.drawn],
        }
        return FigureData.of(
            {"segment": segments, **columns}, notes=[NOTE, *sample.notes, *version.notes]
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a box for each segment, and a point for each outlier."""
        marks: list[Mark] = []
        for row, segment in enumerate(version.shown):
            own = table.where("segment", segment.name)
            distances, unusual = own.numbers("distance"), own.numbers("outlier") > 0
            found = box_stats(distances)
            if found is not None:
                marks.extend(
                    box(found, row, segment.index, f"{segment.name}\nmedian {found.median:.2f}")
                )
            far = distances[unusual]
            marks.append(
                Points(
                    x=far, y=np.full(len(far), float(row)), color=segment.index, label=segment.name
                )
            )
        distances = table.numbers("distance")
        x = Axis(
            low=0,
            high=span(distances, around=0.0)[1],
            title="distance to the nearest center, in prepared units",
        )
        n_far = int(table.numbers("outlier").sum())
        title = (
            f"How far customers are from the center of their segment: {n_far:,} of "
            f"{len(distances):,} are outliers"
        )
        panel = Panel(x=x, y=rows(version.shown), marks=marks)
        return Chart(
            title=title, panels=[panel], notes=table.notes, height=height(len(version.shown))
        )
