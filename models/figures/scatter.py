"""Customers in two or three dimensions: columns as they are where there are just as many, else principal components."""

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
TOLD: Final = 2
ON_ONE_ANOTHER: Final = (
    "Customers with the same values would lie on one another: they are drawn a little apart, by chance."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class View:
    """Where customers lie: shape (n, n_dimensions), the name of each dimension, and notes on how to read it."""

    places: Floats
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def is_plain(version: VersionInput, n: int) -> bool:
    """Tell whether the features are just n numbers, which need no projection."""
    return len(version.features) == len(version.numeric) == n


def view(version: VersionInput, n: int) -> View:
    """See the customers in n dimensions."""
    placed = version.placed
    if is_plain(version, n):
        columns = [placed.cells[name] for name in version.numeric]
        return View(places=np.column_stack(columns), names=tuple(version.numeric))
    return _components(version, n)


def scatter_table(version: VersionInput, n: int) -> FigureData:
    """Give the drawn customers with their segments; nobody is named."""
    seen, placed = view(version, n), version.placed
    names = {segment.index: segment.name for segment in version.shown}
    columns = {name: seen.places[placed.drawn, i] for i, name in enumerate(seen.names)}
    segments = [names[label] for label in placed.labels[placed.drawn].tolist()]
    return FigureData.of({"segment": segments, **columns}, notes=[*seen.notes, *placed.notes, *version.notes])


def scatter_chart(version: VersionInput, table: FigureData, n: int, title: str) -> Chart:
    """Draw customers, each segment in its color and shape, the largest segments first so that small ones are seen."""
    places = np.column_stack([table.numbers(name) for name in table.columns[1:]])
    crowded = len(np.unique(places, axis=0)) < CROWDED * len(places)
    drawn = _separate_centers(places) if crowded else places
    labels = np.array(table.texts("segment"), dtype=object)
    largest = sorted(version.shown, key=lambda segment: -segment.n_customers)
    axes = [_axis(name, values) for name, values in zip(table.columns[1:], drawn.T, strict=True)]
    marks = []
    for segment in largest:
        own = drawn[labels == segment.name]
        z = own[:, 2] if n > 2 else None  # noqa: PLR2004 - the third dimension
        marks.append(Points(x=own[:, 0], y=own[:, 1], z=z, color=segment.index, label=segment.name))
    panel = Panel(x=axes[0], y=axes[1], z=axes[2] if n > 2 else None, marks=marks)  # noqa: PLR2004
    notes = [*table.notes, *([ON_ONE_ANOTHER] if crowded else [])]
    return Chart(title=title, panels=[panel], notes=notes, legend=legend(version), height=480)


def _axis(name: str, values: Floats) -> Axis:
    low, high = span(values)
    return Axis(low=low, high=high, title=name)


def _separate_centers(places: Floats) -> Floats:
    rng = np.random.default_rng(0)
    rooms = np.array([np.subtract(*span(column, margin=0)[::-1]) for column in places.T])
    return np.asarray(places + rng.normal(0, JITTER, places.shape) * rooms)


def _components(version: VersionInput, n: int) -> View:
    """Project the points on the directions in which they differ most (Pearson 1901), signs fixed."""
    points = version.placed.points
    centered = points - points.mean(axis=0) if len(points) else points
    _, strengths, axes = np.linalg.svd(centered, full_matrices=False)
    axes = _signed(_padded(axes, n))
    explained = _padded(strengths[:, None] ** 2, n)[:, 0] / max(float(np.sum(strengths**2)), 1e-300)
    names = tuple(f"component {i + 1} ({100 * share:.0f} %)" for i, share in enumerate(explained))
    total = (
        f"{n} principal components show {100 * explained.sum():.0f} % of how the customers differ; in brackets, "
        "which share of their variance each explains."
    )
    told = [f"Component {i + 1}: {_explained_variance_note(version, axis)}." for i, axis in enumerate(axes)]
    return View(places=centered @ axes.T, names=names, notes=(total, " ".join(told)))


def _padded(rows: Floats, n: int) -> Floats:
    return np.vstack([rows[:n], np.zeros((max(n - len(rows), 0), rows.shape[1]))])


def _signed(axes: Floats) -> Floats:
    """Turn each direction so that its greatest part is positive."""
    greatest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), greatest])
    return np.asarray(axes * np.where(signs == 0, 1.0, signs)[:, None])


def _explained_variance_note(version: VersionInput, axis: Floats) -> str:
    """Say which columns a direction is made of most."""
    names = _coordinates(version)
    strongest = sorted(range(len(names)), key=lambda i: -abs(axis[i]))[:TOLD]
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
