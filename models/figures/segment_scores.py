"""Traits of segments: features and categories in standard deviations from the average customer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.charts.ticks import number
from models.features import Feature
from models.figures.data import FigureData
from models.figures.inputs import Segment, VersionInput
from models.scoring.features import NumericFeature

MAX_TRAITS: Final = 24
MOSTLY: Final = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trait:
    """A numeric feature or a category, for each shown segment.

    Attributes
    ----------
    label
        The column, with the category if any.
    scores
        Shape (n_segments,), the segment's mean minus the overall mean, in overall standard
        deviations.
    typical
        The segment's median, the category's share, or, where most customers have zero, the share of
        those that do not, formatted.
    """

    label: str
    scores: Floats
    typical: tuple[str, ...]


def traits(version: VersionInput) -> list[Trait]:
    """Return the traits of a version; a feature of two categories has one trait."""
    found = [trait for feature in version.features for trait in _traits(version, feature)]
    return found[:MAX_TRAITS]


def omitted_note(version: VersionInput) -> list[str]:
    """Return a note if some traits are not shown."""
    n = sum(1 for feature in version.features for _ in _trait_labels(feature))
    return (
        [f"The first {MAX_TRAITS} of {n} columns and categories are shown."]
        if n > MAX_TRAITS
        else []
    )


def _traits(version: VersionInput, feature: Feature) -> Iterator[Trait]:
    cells, segments = version.sample.cells[feature.name], version.shown
    if feature.kind == "numeric":
        [coordinate] = [each for each in version.scorer.features if each.name == feature.name]
        if isinstance(coordinate, NumericFeature):
            typical = _typical_numbers(version, feature)
            yield Trait(
                label=feature.name,
                scores=_scores(version, coordinate.coordinate(cells)),
                typical=typical,
            )
        return
    for category, label in _trait_labels(feature):
        typical = tuple(_share(segment, feature, category) for segment in segments)
        has = np.array([cell == category for cell in cells], dtype=np.float64)
        yield Trait(label=label, scores=_scores(version, has), typical=typical)


def _trait_labels(feature: Feature) -> list[tuple[str, str]]:
    categories = feature.categories or ()
    if feature.kind == "numeric":
        return [(feature.name, feature.name)]
    shown = categories[:1] if len(categories) == 2 else categories  # noqa: PLR2004 - complementary
    return [(category, f"{category} ({feature.name})") for category in shown]


def _scores(version: VersionInput, values: Floats) -> Floats:
    labels = version.sample.labels
    spread = float(values.std()) if len(values) else 0.0
    means = [
        values[labels == s.index].mean() if (labels == s.index).any() else np.nan
        for s in version.shown
    ]
    return (
        (np.array(means) - values.mean()) / spread if spread > 0 else np.zeros(len(version.shown))
    )


def _typical_numbers(version: VersionInput, feature: Feature) -> tuple[str, ...]:
    """Write each segment's median, or the share of nonzero values in a mostly zero feature."""
    values = np.asarray(version.sample.cells[feature.name], dtype=np.float64)
    known = ~np.isnan(values)
    if np.count_nonzero(values[known]) >= MOSTLY * known.sum():
        return tuple(_median(segment, feature) for segment in version.shown)
    members = [known & (version.sample.labels == each.index) for each in version.shown]
    told = [each.typical.get(feature.name) is not None for each in version.shown]
    return tuple(
        _share_nonzero(values[inside]) if tell else "unknown"
        for inside, tell in zip(members, told, strict=True)
    )


def _share_nonzero(values: Floats) -> str:
    return f"{100 * np.count_nonzero(values) / max(len(values), 1):.0f} % have any"


def _median(segment: Segment, feature: Feature) -> str:
    value = segment.typical.get(feature.name)
    return number(value) if isinstance(value, (int, float)) else "unknown"


def _share(segment: Segment, feature: Feature, category: str) -> str:
    shares: Mapping[str, Any] = segment.typical.get(feature.name) or {}
    return f"{100 * shares.get(category, 0.0):.0f} %"


def trait_table(version: VersionInput, notes: Sequence[str]) -> FigureData:
    """Build the table of all traits of all shown segments, segment by segment."""
    found = traits(version)
    cells = [
        (segment.name, trait.label, _number(trait.scores[i]), trait.typical[i])
        for i, segment in enumerate(version.shown)
        for trait in found
    ]
    return FigureData(
        columns=("segment", "trait", "score", "typical"), rows=tuple(cells), notes=tuple(notes)
    )


def _number(score: float) -> float | None:
    return float(score) if np.isfinite(score) else None
