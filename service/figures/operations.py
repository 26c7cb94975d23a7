"""Drawing of figures, cached by the state of their inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from models.charts.layout import layout_chart
from models.charts.svg import to_svg
from models.charts.theme import LOOKS, Theme
from models.figures import (
    OF_COMPARISONS,
    OF_DATASETS,
    OF_RECOMMENDATIONS,
    OF_VERSIONS,
    Extension,
    Figure,
    render,
)
from models.figures.segment_thumbnail import draw_thumbnail
from models.suggestions import suggest
from service import RELEASE
from service.comparisons import operations as comparisons
from service.comparisons.operations import VersionPair
from service.datasets.stored_customers import customers_key
from service.datasets.stored_versions import DatasetAt
from service.errors import NotFound
from service.figures import loaders
from service.figures.report import Card, ReportContent, write_report
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
    """Subject of figures; `state` is its cache key, `note` a remark to show with the figures."""

    figures: Sequence[Figure[Subject]]
    subject: Callable[[], Subject]
    state: str
    note: str | None = None

    def find(self, name: str) -> Figure[Subject]:
        """Get a figure by its name.

        Raises NotFound if it is unknown or unavailable for this subject.
        """
        figure = next((each for each in self.figures if each.name == name), None)
        if figure is None:
            raise NotFound(
                f"There is no figure {name}; the figures are "
                f"{', '.join(each.name for each in self.figures)}"
            )
        reason = figure.unavailable_reason(self.subject())
        if reason:
            raise NotFound(f"The figure {name} is not available: {reason}")
        return figure

    def tag(self, *options: str) -> str:
        """Return the cache key, and ETag, of a drawing in the current state."""
        return cache_key([self.state, RELEASE, *options])


def of_dataset(stores: Stores, at: DatasetAt) -> FigureSource[Any]:
    """Return the figure source of a dataset version."""
    dataset, version = at
    with stores.database.reading() as session:
        state = cache_key([dataset.tenant, *customers_key(session, version)])
    subject = partial(stores.subjects.get, state, lambda: loaders.load_dataset(stores, at))
    return FigureSource(figures=OF_DATASETS, subject=subject, state=state)


def of_recommendation(row: RecommendationRow) -> FigureSource[Any]:
    """Return the figure source of a recommendation."""
    return FigureSource(
        figures=OF_RECOMMENDATIONS,
        subject=lambda: loaders.load_recommendation(row),
        state=cache_key([row.id]),
    )


def of_version(
    session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow]
) -> FigureSource[Any]:
    """Return the figure source of a version.

    Its state includes segment names and the dataset version shown.
    """
    model, version = ready
    source, names = loaders.source_of(session, version), registry.segment_names(session, version)
    shown = source and customers_key(session, source)
    state = cache_key([model.tenant, model.id, version.number, version.attempt, shown, names])
    subject = partial(
        stores.subjects.get, state, lambda: loaders.load_version(session, stores, ready)
    )
    return FigureSource(
        figures=OF_VERSIONS, subject=subject, state=state, note=loaders.difference(version, source)
    )


def of_comparison(stores: Stores, pair: VersionPair) -> FigureSource[Any]:
    """Return the figure source of a comparison.

    Its state includes segment names and the dataset version shown.
    """
    return FigureSource(
        figures=OF_COMPARISONS,
        subject=lambda: comparisons.compare(stores, pair)[0],
        state=pair.state,
        note=loaders.difference(pair.after.version, pair.source),
    )


def draw(
    stores: Stores, source: FigureSource[Any], name: str, extension: Extension, theme: Theme
) -> bytes:
    """Draw a figure, or return it from the cache.

    Interactive HTML is not cached, as it is large and fast to build.
    """
    figure = source.find(name)
    if extension == "html":
        return render(figure, source.subject(), extension, theme)
    tag = source.tag(name, extension, theme)
    return stores.drawings.get(tag, lambda: render(figure, source.subject(), extension, theme))


def descriptions(session: Session, version: VersionRow) -> list[str]:
    """Return the descriptions of a version's segments, empty where none is set."""
    return [
        segment.description or ""
        for _, segment in registry_repository.list_profiles(session, version)
    ]


def report(
    session: Session,
    stores: Stores,
    ready: tuple[ModelRow, VersionRow],
    source: FigureSource[Any],
) -> str:
    """Build the HTML report of a version."""
    model, version = ready
    subject = source.subject()
    available = [
        figure
        for figure in source.figures
        if figure.name in REPORTED and figure.unavailable_reason(subject) is None
    ]
    numeric = [feature["name"] for feature in version.features if feature["kind"] == "numeric"]
    pairs = registry_repository.list_profiles(session, version)
    return write_report(
        ReportContent(
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
            cards=[_build_card(profile, segment, numeric) for profile, segment in pairs],
            pictures={
                each.name: draw(stores, source, each.name, "svg", "light").decode()
                for each in available
            },
        )
    )


def _build_card(profile: ProfileRow, segment: SegmentRow, numeric: Sequence[str]) -> Card:
    differences, look = profile.profile["differs_by"], LOOKS["light"]
    chart = draw_thumbnail(differences, profile.index)
    return Card(
        name=segment.name or profile.name,
        description=segment.description,
        color=look.color(profile.index),
        profile=profile.profile,
        suggestions=suggest(differences, numeric),
        thumbnail=to_svg(layout_chart(chart, look)) if chart else None,
    )
