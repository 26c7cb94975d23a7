"""Scatter plots of customers.

The columns themselves if there are two or three, else principal components.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.charts.spec import Axis, Chart, Panel, Points, span
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import legend

JITTER: Final = 0.015
CROWDED: Final = 0.5
N_NAMED: Final = 2
JITTERED: Final = (
    "Customers with equal values would overlap, so their points are moved slightly at random."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Projected points of shape (n, n_dimensions), the names of the dimensions, and notes."""

    points: Floats
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def is_plain(version: VersionInput, n: int) -> bool:
    """Check whether the features are exactly n numbers, which need no projection."""
    return len(version.features) == len(version.numeric) == n


def project(version: VersionInput, n: int) -> Projection:
    """Project the customers to n dimensions."""
    sample = version.sample
    if is_plain(version, n):
        columns = [sample.cells[name] for name in version.numeric]
        return Projection(points=np.column_stack(columns), names=tuple(version.numeric))
    return _components(version, n)


def scatter_table(version: VersionInput, n: int) -> FigureData:
    """Return the drawn customers with their segments, without ids."""
    projection, sample = project(version, n), version.sample
    names = {segment.index: segment.name for segment in version.shown}
    columns = {name: projection.points[sample.drawn, i] for i, name in enumerate(projection.names)}
    segments = [names[label] for label in sample.labels[sample.drawn].tolist()]
    return FigureData.of(
        {"segment": segments, **columns}, notes=[*projection.notes, *sample.notes, *version.notes]
    )


def scatter_chart(version: VersionInput, table: FigureData, n: int, title: str) -> Chart:
    """Draw customers in the color and shape of their segment, the largest segments first."""
    points = np.column_stack([table.numbers(name) for name in table.columns[1:]])
    crowded = len(np.unique(points, axis=0)) < CROWDED * len(points)
    positions = _jitter(points) if crowded else points
    labels = np.array(table.texts("segment"), dtype=object)
    largest = sorted(version.shown, key=lambda segment: -segment.n_customers)
    axes = [
        _axis(name, values) for name, values in zip(table.columns[1:], positions.T, strict=True)
    ]
    marks = []
    for segment in largest:
        own = positions[labels == segment.name]
        z = own[:, 2] if n > 2 else None  # noqa: PLR2004 - the third dimension
        marks.append(Points(x=own[:, 0], y=own[:, 1], z=z, color=segment.index, label=segment.name))
    panel = Panel(x=axes[0], y=axes[1], z=axes[2] if n > 2 else None, marks=marks)  # noqa: PLR2004
    notes = [*table.notes, *([JITTERED] if crowded else [])]
    return Chart(title=title, panels=[panel], notes=notes, legend=legend(version), height=480)


def _axis(name: str, values: Floats) -> Axis:
    low, high = span(values)
    return Axis(low=low, high=high, title=name)


def _jitter(points: Floats) -> Floats:
    rng = np.random.default_rng(0)
    rooms = np.array([np.subtract(*span(column, margin=0)[::-1]) for column in points.T])
    return np.asarray(points + rng.normal(0, JITTER, points.shape) * rooms)


def _components(version: VersionInput, n: int) -> Projection:
    """Project the points to their principal components (Pearson 1901), with fixed signs."""
    points = version.sample.points
    centered = points - points.mean(axis=0) if len(points) else points
    _, strengths, axes = np.linalg.svd(centered, full_matrices=False)
    axes = _fix_signs(_padded(axes, n))
    explained = _padded(strengths[:, None] ** 2, n)[:, 0] / max(float(np.sum(strengths**2)), 1e-300)
    names = tuple(f"component {i + 1} ({100 * share:.0f} %)" for i, share in enumerate(explained))
    total = (
        f"{n} principal components explain {100 * explained.sum():.0f} % of the variance between "
        "customers; the share of each is in brackets."
    )
    explanations = [
        f"Component {i + 1}: {_component_note(version, axis)}." for i, axis in enumerate(axes)
    ]
    return Projection(points=centered @ axes.T, names=names, notes=(total, " ".join(explanations)))


def _padded(rows: Floats, n: int) -> Floats:
    return np.vstack([rows[:n], np.zeros((max(n - len(rows), 0), rows.shape[1]))])


def _fix_signs(axes: Floats) -> Floats:
    """Flip the sign of each component to make its largest coefficient positive."""
    greatest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), greatest])
    return np.asarray(axes * np.where(signs == 0, 1.0, signs)[:, None])


def _component_note(version: VersionInput, axis: Floats) -> str:
    """Describe a component by its largest coefficients."""
    names = _coordinates(version)
    strongest = sorted(range(len(names)), key=lambda i: -abs(axis[i]))[:N_NAMED]
    parts = [f"{'more' if axis[i] > 0 else 'less'} {names[i]}" for i in strongest if axis[i] != 0]
    return ", ".join(parts) or "nothing"


def _coordinates(version: VersionInput) -> list[str]:
    names = [
        [feature.name]
        if feature.kind == "numeric"
        else [f"{feature.name}: {each}" for each in feature.categories or ()]
        for feature in version.features
    ]
    return [name for block in names for name in block]
