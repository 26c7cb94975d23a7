"""Request and response bodies of models, versions and aliases."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field
from typing_extensions import TypeAliasType

from models.algorithms import Algorithm
from service.datasets import stored_versions
from service.registry import operations, repository
from service.registry.rows import AliasRow, ModelRow, ProfileRow, SegmentRow, VersionRow
from service.stores.database import Session
from service.web.feature_schemas import FeatureOut
from service.web.schemas import Integer, Page, RequestModel, ResponseModel

Metrics = TypeAliasType("Metrics", dict[str, float | None])
PreparationStep = TypeAliasType("PreparationStep", dict[str, Any])


class Artifact(ResponseModel):
    """Joblib file of a version."""

    sha256: str
    bytes: int
    library_versions: dict[str, str]


class Advice(ResponseModel):
    """Summary of the recommendation that a version takes its k from."""

    recommendation: str
    k: int
    probability: float | None
    credible_set: list[int]
    text: str


class SegmentBrief(ResponseModel):
    """Short form of a segment."""

    segment: str
    index: int = Field(description="The label that the joblib pipeline predicts for this segment.")
    name: str
    n_customers: int
    share: float


class Nested(ResponseModel):
    """Segment of the finer cut, and the segment of the coarser cut that contains it."""

    segment: str = Field(description="Segment of the finer cut.")
    within: str = Field(description="Segment of the coarser cut.")


class Version(ResponseModel):
    """Immutable fit of a model."""

    model: str
    version: int
    aliases: list[str]
    state: Literal["fitting", "ready", "failed"]
    algorithm: Algorithm
    k: int | None = Field(
        description="The number of segments; null while a fit with `k: auto` is not finished."
    )
    seed: int
    dataset: str
    dataset_version: int
    dataset_version_available: bool
    n_customers: int | None
    features: list[FeatureOut]
    preparation: list[PreparationStep] | None = Field(
        description="The preparation steps, in order."
    )
    metrics: Metrics | None
    segments: list[SegmentBrief]
    recommendation: Advice | None = Field(default=None, description="Set if the fit chose k.")
    cut_of: int | None = Field(
        description="The version whose tree was cut; null if this version was fitted."
    )
    nesting: list[Nested] | None = Field(
        description="Nesting of the segments of this version and of `cut_of`: one pair per segment "
        "of the finer cut.",
    )
    artifact: Artifact | None
    warnings: list[str]
    job: str
    created_at: datetime


class VersionList(Page):
    """Page of the versions of a model, oldest first."""

    versions: list[Version]


class Model(ResponseModel):
    """Named series of versions."""

    model: str
    versions: int = Field(description="The number of the last version.")
    aliases: dict[str, int]
    created_at: datetime


class ModelList(Page):
    """Page of models, ordered by name."""

    models: list[Model]


class AliasMove(RequestModel):
    """Version that an alias will point to."""

    version: Integer = Field(ge=1, lt=2**31, examples=[1])


class Alias(ResponseModel):
    """Movable name of a version."""

    alias: str
    version: int

    @classmethod
    def of(cls, row: AliasRow) -> Self:
        return cls(alias=row.name, version=row.version)


class AliasList(ResponseModel):
    """Aliases of a model, ordered by name."""

    aliases: list[Alias]


class AliasMoved(ResponseModel):
    """Move of an alias."""

    moved_at: datetime
    moved_by: str
    from_version: int | None
    to_version: int


class AliasLog(ResponseModel):
    """Moves of an alias, newest first."""

    moves: list[AliasMoved]


def show_model(session: Session, row: ModelRow) -> Model:
    """Build the response of a model with its aliases."""
    aliases = {alias.name: alias.version for alias in repository.list_aliases(session, row)}
    return Model(
        model=row.name, versions=row.last_version, aliases=aliases, created_at=row.created_at
    )


def show_version(session: Session, model: ModelRow, row: VersionRow) -> Version:
    """Build the response of a version with its aliases, its state and its segments."""
    job = repository.job_of(session, row)
    aliases = repository.list_aliases(session, model)
    return Version.model_validate(
        {
            **{name: getattr(row, name) for name in Version.model_fields if hasattr(row, name)},
            "model": model.name,
            "version": row.number,
            "aliases": [alias.name for alias in aliases if alias.version == row.number],
            "state": operations.state_of(row, job),
            "dataset_version_available": stored_versions.is_available(
                session, row.dataset_id, row.dataset_version
            ),
            "segments": [_show_segment(*pair) for pair in repository.list_profiles(session, row)],
            "warnings": row.warnings or [],
            "job": row.job_id,
        },
    )


def _show_segment(profile: ProfileRow, segment: SegmentRow) -> SegmentBrief:
    size = {name: profile.profile[name] for name in ("n_customers", "share")}
    return SegmentBrief(
        segment=segment.id, index=profile.index, name=segment.name or profile.name, **size
    )
