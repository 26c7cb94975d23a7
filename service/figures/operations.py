"""Draws figures once for each state of what they show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from models.charts.layout import layout_chart
from models.charts.svg import to_svg
from models.charts.theme import LOOKS, Theme
from models.figures import OF_COMPARISONS, OF_DATASETS, OF_RECOMMENDATIONS, OF_VERSIONS, Extension, Figure, render
from models.figures.segment_thumbnail import portrait
from models.suggestions import suggest
from service import RELEASE
from service.comparisons import operations as comparisons
from service.comparisons.operations import VersionPair
from service.datasets.operations import DatasetAt
from service.errors import NotFound
from service.figures import loaders
from service.figures.report import Card, Content, write_report
from service.recommendations.rows import RecommendationRow
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.rows import ModelRow, ProfileRow, SegmentRow, VersionRow
from service.stores import Stores
from service.stores.database import Session
from service.stores.lru_cache import cache_key

REPORTED = ("customers", "sizes", "profiles", "silhouette", "dendrogram")

Subject = TypeVar("Subject")


@dataclass(frozen=True, kw_only=True)
class FigureSource(Generic[Subject]):
    """Something that there are figures of; `state` names all that they depend on, `note` what is odd about them."""

    figures: Sequence[Figure[Subject]]
    subject: Callable[[], Subject]
    state: str
    note: str | None = None

    def find(self, name: str) -> Figure[Subject]:
        """Find a figure by its name, which must exist of this."""
        figure = next((each for each in self.figures if each.name == name), None)
        if figure is None:
            raise NotFound(
                f"There is no figure {name} here; there are: {', '.join(each.name for each in self.figures)}"
            )
        reason = figure.unavailable_reason(self.subject())
        if reason:
            raise NotFound(f"There is no figure {name} of this: {reason}")
        return figure

    def tag(self, *particulars: str) -> str:
        """Name one picture in its present state."""
        return cache_key([self.state, RELEASE, *particulars])


def of_dataset(stores: Stores, at: DatasetAt) -> FigureSource[Any]:
    """Give what can be drawn of a dataset version."""
    dataset, version = at
    state = cache_key([dataset.tenant, dataset.id, version.version])
    kept = partial(stores.subjects.get, state, lambda: loaders.load_dataset(stores, at))
    return FigureSource(figures=OF_DATASETS, subject=kept, state=state)


def of_recommendation(row: RecommendationRow) -> FigureSource[Any]:
    """Give what can be drawn of a recommendation."""
    return FigureSource(
        figures=OF_RECOMMENDATIONS, subject=lambda: loaders.load_recommendation(row), state=cache_key([row.id])
    )


def of_version(session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow]) -> FigureSource[Any]:
    """Give what can be drawn of a version: it depends on what its segments are called, and who has been erased."""
    model, version = ready
    source, names = loaders.source_of(session, version), registry.segment_names(session, version)
    state = cache_key([model.tenant, model.id, version.number, version.attempt, source and source.version, names])
    kept = partial(stores.subjects.get, state, lambda: loaders.load_version(session, stores, ready))
    return FigureSource(figures=OF_VERSIONS, subject=kept, state=state, note=loaders.difference(version, source))


def of_comparison(stores: Stores, pair: VersionPair) -> FigureSource[Any]:
    """Give what can be drawn of two versions: it depends on what their segments are called, and who has been erased."""
    return FigureSource(
        figures=OF_COMPARISONS,
        subject=lambda: comparisons.compare(stores, pair)[0],
        state=pair.state,
        note=loaders.difference(pair.after.version, pair.source),
    )


def draw(stores: Stores, drawable: FigureSource[Any], name: str, extension: Extension, theme: Theme) -> bytes:
    """Draw a figure, unless it is ready; pages to point and zoom in are large, and quickly made."""
    figure = drawable.find(name)
    if extension == "html":
        return render(figure, drawable.subject(), extension, theme)
    tag = drawable.tag(name, extension, theme)
    return stores.drawings.get(tag, lambda: render(figure, drawable.subject(), extension, theme))


def descriptions(session: Session, version: VersionRow) -> list[str]:
    """Give what people have written about the segments of a version."""
    return [segment.description or "" for _, segment in registry_repository.list_profiles(session, version)]


def report(session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow], drawable: FigureSource[Any]) -> str:
    """Write the report of a version."""
    model, version = ready
    subject = drawable.subject()
    there = [
        figure for figure in drawable.figures if figure.name in REPORTED and figure.unavailable_reason(subject) is None
    ]
    numeric = [feature["name"] for feature in version.features if feature["kind"] == "numeric"]
    pairs = registry_repository.list_profiles(session, version)
    return write_report(
        Content(
            model=model.name,
            version=version.number,
            dataset=version.dataset,
            dataset_version=version.dataset_version,
            n_customers=version.n_customers or 0,
            algorithm=version.algorithm["name"],
            features=[feature["name"] for feature in version.features],
            metrics=version.metrics or {},
            advice=version.recommendation["text"] if version.recommendation else None,
            warnings=version.warnings or [],
            created=version.created_at.date().isoformat(),
            cards=[_card(profile, segment, numeric) for profile, segment in pairs],
            pictures={each.name: draw(stores, drawable, each.name, "svg", "light").decode() for each in there},
        )
    )


def _card(profile: ProfileRow, segment: SegmentRow, numeric: Sequence[str]) -> Card:
    differences, look = profile.profile["differs_by"], LOOKS["light"]
    chart = portrait(differences, profile.index)
    return Card(
        name=segment.name or profile.name,
        description=segment.description,
        color=look.color(profile.index),
        profile=profile.profile,
        suggestions=suggest(differences, numeric),
        portrait=to_svg(layout_chart(chart, look)) if chart else None,
    )
