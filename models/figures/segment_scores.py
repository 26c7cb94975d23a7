"""What segments are compared by: numbers and categories, in standard deviations from the average customer."""

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

MOST: Final = 24

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trait:
    """A number, or a category, as each shown segment has it.

    Attributes
    ----------
    label
        The column, and the category.
    scores
        Shape (n_segments,), how far the segment's mean lies from that of all, in standard deviations of all.
    typical
        The segment's median, or the category's share, in words.
    """

    label: str
    scores: Floats
    typical: tuple[str, ...]


def traits(version: VersionInput) -> list[Trait]:
    """Compare the shown segments of a version; of two categories that say the same, only the first is there."""
    found = [trait for feature in version.features for trait in _traits(version, feature)]
    return found[:MOST]


def left_out(version: VersionInput) -> list[str]:
    """Say that there is more to compare than is shown."""
    n = sum(1 for feature in version.features for _ in _names(feature))
    return [f"The first {MOST} of {n} columns and categories are shown."] if n > MOST else []


def _traits(version: VersionInput, feature: Feature) -> Iterator[Trait]:
    cells, segments = version.placed.cells[feature.name], version.shown
    if feature.kind == "numeric":
        [coordinate] = [each for each in version.scorer.features if each.name == feature.name]
        if isinstance(coordinate, NumericFeature):
            typical = tuple(_median(segment, feature) for segment in segments)
            yield Trait(label=feature.name, scores=_scores(version, coordinate.coordinate(cells)), typical=typical)
        return
    for category, label in _names(feature):
        typical = tuple(_share(segment, feature, category) for segment in segments)
        has = np.array([cell == category for cell in cells], dtype=np.float64)
        yield Trait(label=label, scores=_scores(version, has), typical=typical)


def _names(feature: Feature) -> list[tuple[str, str]]:
    categories = feature.categories or ()
    if feature.kind == "numeric":
        return [(feature.name, feature.name)]
    told = categories[:1] if len(categories) == 2 else categories  # noqa: PLR2004 - the second is who is not the first
    return [(category, f"{category} ({feature.name})") for category in told]


def _scores(version: VersionInput, values: Floats) -> Floats:
    labels = version.placed.labels
    spread = float(values.std()) if len(values) else 0.0
    means = [values[labels == s.index].mean() if (labels == s.index).any() else np.nan for s in version.shown]
    return (np.array(means) - values.mean()) / spread if spread > 0 else np.zeros(len(version.shown))


def _median(segment: Segment, feature: Feature) -> str:
    value = segment.typical.get(feature.name)
    return number(value) if isinstance(value, (int, float)) else "unknown"


def _share(segment: Segment, feature: Feature, category: str) -> str:
    shares: Mapping[str, Any] = segment.typical.get(feature.name) or {}
    return f"{100 * shares.get(category, 0.0):.0f} %"


def trait_table(version: VersionInput, notes: Sequence[str]) -> FigureData:
    """Give all traits of all shown segments, segment by segment."""
    found = traits(version)
    cells = [
        (segment.name, trait.label, _number(trait.scores[i]), trait.typical[i])
        for i, segment in enumerate(version.shown)
        for trait in found
    ]
    return FigureData(columns=("segment", "trait", "score", "typical"), rows=tuple(cells), notes=tuple(notes))


def _number(score: float) -> float | None:
    return float(score) if np.isfinite(score) else None
