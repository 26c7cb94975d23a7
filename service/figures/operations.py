"""Draws figures once for each state of what they show."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.drawing.look import Theme
from models.figures import OF_DATASETS, OF_RECOMMENDATIONS, OF_VERSIONS, Extension, Figure, render
from service import RELEASE
from service.datasets.operations import DatasetAt
from service.errors import NotFound
from service.figures import reading
from service.recommendations.rows import RecommendationRow
from service.registry import operations as registry
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.database import Session

Subject = TypeVar("Subject")


@dataclass(frozen=True, kw_only=True)
class Drawable(Generic[Subject]):
    """Something that there are figures of; `state` names all that they depend on."""

    figures: Sequence[Figure[Subject]]
    subject: Callable[[], Subject]
    state: str

    def find(self, name: str) -> Figure[Subject]:
        """Find a figure by its name, which must exist of this."""
        figure = next((each for each in self.figures if each.name == name), None)
        if figure is None:
            raise NotFound(
                f"There is no figure {name} here; there are: {', '.join(each.name for each in self.figures)}"
            )
        reason = figure.absent(self.subject())
        if reason:
            raise NotFound(f"There is no figure {name} of this: {reason}")
        return figure

    def tag(self, *particulars: str) -> str:
        """Name one picture in its present state."""
        return _hashed([self.state, RELEASE, *particulars])


def of_dataset(stores: Stores, at: DatasetAt) -> Drawable[Any]:
    """Give what can be drawn of a dataset version."""
    dataset, version = at
    state = _hashed([dataset.tenant, dataset.id, version.version])
    kept = stores.subjects.get(state, lambda: reading.explored(stores, at))
    return Drawable(figures=OF_DATASETS, subject=lambda: kept, state=state)


def of_recommendation(row: RecommendationRow) -> Drawable[Any]:
    """Give what can be drawn of a recommendation."""
    return Drawable(figures=OF_RECOMMENDATIONS, subject=lambda: reading.judged(row), state=_hashed([row.id]))


def of_version(session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow]) -> Drawable[Any]:
    """Give what can be drawn of a version: it depends on what its segments are called, and who has been erased."""
    model, version = ready
    source, names = reading.source_of(session, version), registry.segment_names(session, version)
    state = _hashed([model.tenant, model.id, version.number, version.attempt, source and source.version, names])
    kept = stores.subjects.get(state, lambda: reading.segmented(session, stores, ready))
    return Drawable(figures=OF_VERSIONS, subject=lambda: kept, state=state)


def draw(stores: Stores, drawable: Drawable[Any], name: str, extension: Extension, theme: Theme) -> bytes:
    """Draw a figure, unless it is ready; pages to point and zoom in are large, and quickly made."""
    figure = drawable.find(name)
    if extension == "html":
        return render(figure, drawable.subject(), extension, theme)
    tag = drawable.tag(name, extension, theme)
    return stores.drawings.get(tag, lambda: render(figure, drawable.subject(), extension, theme))


def _hashed(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
