"""Silhouette plot: how well customers fit their segment."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Area, Axis, Chart, Line, Panel
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import height, rows
from models.kernels.silhouettes import silhouette_values as by_distances

BAND = 0.84

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SilhouettePlot:
    """Silhouettes of customers by segment (Rousseeuw 1987)."""

    name: Literal["silhouette"] = "silhouette"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if there is only one segment, or without customers."""
        if len(version.segments) <= 1:
            return "Silhouettes need at least two segments."
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Compute the silhouette of each drawn customer, by segment, the highest first."""
        sample = version.sample
        labels = sample.labels[sample.drawn]
        values = silhouette_values(sample.points[sample.drawn], labels)
        order = np.lexsort([-values, labels])
        names = {segment.index: segment.name for segment in version.shown}
        segments = [names[label] for label in labels[order].tolist()]
        return FigureData.of(
            {"segment": segments, "silhouette": values[order]},
            notes=[*sample.notes, *version.notes],
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a band of equal height for each segment."""
        values = table.numbers("silhouette")
        bands = [
            _area(table.where("segment", segment.name).numbers("silhouette"), row, segment.index)
            for row, segment in enumerate(version.shown)
        ]
        mean = float(values.mean()) if len(values) else 0.0
        ends = np.array([-0.5, len(version.shown) - 0.5])
        line = Line(x=np.array([mean, mean]), y=ends, dashed=True, width=1.5)
        low = min(-0.2, float(values.min(initial=0.0)) - 0.05)
        x = Axis(
            low=low,
            high=1,
            title=f"silhouette: on average {mean:.2f} (dashed); below 0 nearer to another segment",
        )
        panel = Panel(x=x, y=rows(version.shown), marks=[*bands, line])
        title = "How well customers fit their segments"
        return Chart(
            title=title, panels=[panel], notes=table.notes, height=height(len(version.shown))
        )


def silhouette_values(points: Floats, labels: NDArray[np.int64]) -> Floats:
    """Compute the silhouette of each point (Rousseeuw 1987); 0 for a point alone in its segment.

    Parameters
    ----------
    points
        Shape (n, d).
    labels
        Shape (n,), the segments.

    Returns
    -------
    ndarray
        Shape (n,), from -1 to 1.
    """
    segments, own = np.unique(labels, return_inverse=True)
    if len(segments) < 2:  # noqa: PLR2004 - nothing to compare with
        return np.zeros(len(points))
    squared = np.sum(points**2, axis=1)
    distances = np.sqrt(np.maximum(squared[:, None] + squared - 2 * points @ points.T, 0))
    np.fill_diagonal(distances, 0)
    return by_distances(distances, own)


def _area(values: Floats, row: int, color: int) -> Area:
    """Build the area between zero and the sorted silhouettes of a segment."""
    y = row - BAND / 2 + BAND * np.linspace(0, 1, len(values))
    x = np.concatenate([values, [0.0, 0.0]])
    return Area(x=x, y=np.concatenate([y, y[-1:], y[:1]]) if len(y) else np.zeros(2), color=color)
