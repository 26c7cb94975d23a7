"""Lifecycle of models, versions and aliases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from models.tree import Tree
from service.datasets import operations as datasets
from service.datasets import stored_versions
from service.errors import Conflict, NoTree
from service.jobs.rows import UNFINISHED, JobRow
from service.registry import repository
from service.registry.rows import (
    AliasMoveRow,
    AliasRow,
    ModelRow,
    ProfileRow,
    SegmentRow,
    VersionRow,
)
from service.stores import Stores
from service.stores.artifacts import ArtifactRef
from service.stores.database import JsonObject, Session, now

PRODUCTION = "production"
PIPELINE_FILE = "pipeline.joblib"
TREE_FILE = "tree.json"


@dataclass(frozen=True, kw_only=True)
class SegmentLearned:
    """Segment of a finished fit; `inherited` is the id that it takes over from an earlier version.

    For another cut of an earlier tree: `within` is the segment of that version that contains it,
    `holds` are those that it contains.
    """

    index: int
    name: str
    profile: JsonObject
    inherited: str | None
    within: str | None = None
    holds: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class VersionLearned:
    """Result of a fit, which completes its version."""

    attempt: int
    k: int
    n_customers: int
    features: Sequence[JsonObject]
    preparation: Sequence[JsonObject]
    metrics: Mapping[str, float | None]
    warnings: Sequence[str]
    artifact: JsonObject
    segments: Sequence[SegmentLearned]
    recommendation: JsonObject | None = None


def get_ready_version(
    session: Session, tenant: str, name: str, ref: str
) -> tuple[ModelRow, VersionRow]:
    """Get a ready version and its model; raises Conflict if its fit is not finished or failed."""
    model = repository.get_model(session, tenant, name)
    if ref == PRODUCTION and repository.find_alias(session, model, PRODUCTION) is None:
        raise Conflict(
            f"The model {name} has no {PRODUCTION} version yet: its first fit is not finished, or "
            "failed"
        )
    version = repository.get_version(session, model, ref)
    if not version.ready:
        raise Conflict(
            f"Version {version.number} of {name} is not ready: its fit is not finished, or failed"
        )
    return model, version


def check_exists(session: Session, model: ModelRow, version: VersionRow) -> None:
    """Raise NotFound if a version was deleted since it was read."""
    repository.get_version(session, model, str(version.number))


def segment_names(session: Session, version: VersionRow) -> dict[str, str]:
    """Return the names of a version's segments by their ids, ordered by index."""
    profiles = repository.list_profiles(session, version)
    return {segment.id: segment.name or profile.name for profile, segment in profiles}


def base_version(session: Session, model: ModelRow) -> VersionRow | None:
    """Find the version that the next one inherits from.

    Production, or else the newest ready one.
    """
    alias = repository.find_alias(session, model, PRODUCTION)
    if alias:
        return repository.find_version(session, model, alias.version)
    return repository.newest_ready_version(session, model)


def next_number(session: Session, model: ModelRow) -> int:
    """Increment and return a model's last version number; numbers are never reused."""
    locked = repository.lock_model(session, model)
    locked.last_version += 1
    return locked.last_version


def artifact_ref(model: ModelRow, version: VersionRow, attempt: int | None = None) -> ArtifactRef:
    """Return the reference to the files of an attempt, by default the successful one."""
    writer = attempt or version.attempt or 0
    return ArtifactRef(tenant=model.tenant, model=model.id, version=version.number, attempt=writer)


def read_tree(stores: Stores, model: ModelRow, version: VersionRow) -> Tree:
    """Read the stored tree of a hierarchical version; raises NoTree if there is none."""
    ref = artifact_ref(model, version)
    if not stores.artifacts.holds(ref, TREE_FILE):
        raise NoTree
    return Tree.from_bytes(stores.artifacts.read(ref, TREE_FILE))


def change_source(
    session: Session, model: ModelRow, version: VersionRow, dataset_version: int
) -> None:
    """Record that a fit used another dataset version than planned, and move the pin."""
    if dataset_version == version.dataset_version:
        return
    stored_versions.unpin_version(session, version.dataset_id, version.dataset_version, model.id)
    version.dataset_version = dataset_version
    stored_versions.pin_version(session, version.dataset_id, dataset_version, model.id)


def complete_version(
    session: Session, model: ModelRow, version: VersionRow, learned: VersionLearned
) -> None:
    """Store the result of a fit in its version and mark it ready.

    A model's first ready version becomes production.
    """
    version.ready = True
    for field in ("attempt", "k", "n_customers", "artifact", "recommendation"):
        setattr(version, field, getattr(learned, field))
    for field in ("features", "preparation", "warnings"):
        setattr(version, field, list(getattr(learned, field)))
    version.metrics = dict(learned.metrics)
    ids = [_add_segment(session, version, segment) for segment in learned.segments]
    if version.cut_of is not None:
        version.nesting = [
            pair
            for own, segment in zip(ids, learned.segments, strict=True)
            for pair in _nested_pairs(own, segment)
        ]
    if repository.find_alias(session, model, PRODUCTION) is None:
        move_alias(session, model, PRODUCTION, version, by="first fit")


def move_alias(
    session: Session, model: ModelRow, name: str, version: VersionRow, *, by: str
) -> AliasRow:
    """Point an alias to a ready version, and log the move."""
    # Cached versions are cleared outside: `AssignmentFastPath` clears those of this process before
    # the response is sent, and `ModelCache` those of others when they expire, within a second.
    if not version.ready:
        raise Conflict(
            f"Version {version.number} of {model.name} is not ready; an alias can only point to a "
            "ready version"
        )
    alias = repository.lock_alias(session, model, name)
    previous = alias.version if alias else None
    if alias is None:
        alias = AliasRow(model_id=model.id, name=name, version=version.number)
        session.add(alias)
    # A repeated move changes nothing and is not logged.
    if previous != version.number:
        alias.version = version.number
        session.add(_build_move(alias, previous, by))
    session.flush()
    return alias


def delete_version(stores: Stores, tenant: str, name: str, ref: str) -> None:
    """Delete a version without aliases, then its files."""
    with stores.database.writing() as session:
        model = repository.get_model(session, tenant, name)
        version = repository.get_version(session, model, ref)
        _require_no_alias(session, model, version)
        _require_not_fitting(session, model, [version])
        tables = datasets.delete_derived(session, owner(model, version))
        repository.delete_rows(session, [version])
        repository.delete_segments_without_profile(session, model)
        if not repository.uses_dataset(session, model, version):
            stored_versions.unpin_version(
                session, version.dataset_id, version.dataset_version, model.id
            )
    _discard(stores, model, version, tables)


def delete_model(stores: Stores, tenant: str, name: str) -> None:
    """Delete a model with all its versions, then their files."""
    with stores.database.writing() as session:
        model = repository.get_model(session, tenant, name)
        versions = repository.list_versions(session, model, after=0, limit=model.last_version)
        _require_not_fitting(session, model, versions)
        for version in versions:
            stored_versions.unpin_version(
                session, version.dataset_id, version.dataset_version, model.id
            )
        tables = [
            path
            for version in versions
            for path in datasets.delete_derived(session, owner(model, version))
        ]
        repository.delete_rows(session, [model])
    for version in versions:
        _discard(stores, model, version, tables)


def owner(model: ModelRow, version: VersionRow) -> str:
    """Return the owner key under which derived tables of a version are registered."""
    return f"{model.id}/{version.number}"


def state_of(version: VersionRow, job: JobRow) -> str:
    """Derive a version's state from its row and its job's, so that the two cannot disagree."""
    if version.ready:
        return "ready"
    return "fitting" if job.state in UNFINISHED else "failed"


def _discard(stores: Stores, model: ModelRow, version: VersionRow, tables: Sequence[str]) -> None:
    stores.artifacts.discard_version(artifact_ref(model, version))
    for path in tables:
        stores.tables.drop(path)


def _add_segment(session: Session, version: VersionRow, learned: SegmentLearned) -> str:
    segment_id = learned.inherited or f"seg_{uuid4().hex[:16]}"
    if learned.inherited is None:
        session.add(SegmentRow(id=segment_id, model_id=version.model_id))
        session.flush()
    profile: dict[str, Any] = {
        "name": learned.name,
        "profile": learned.profile,
        "segment_id": segment_id,
    }
    session.add(
        ProfileRow(
            model_id=version.model_id, version=version.number, index=learned.index, **profile
        )
    )
    return segment_id


def _nested_pairs(own: str, learned: SegmentLearned) -> list[JsonObject]:
    """Return pairs of a segment of the finer cut and the coarser cut's segment that contains it."""
    if learned.within is not None:
        return [{"segment": own, "within": learned.within}]
    return [{"segment": contained, "within": own} for contained in learned.holds]


def _build_move(alias: AliasRow, previous: int | None, by: str) -> AliasMoveRow:
    values: dict[str, Any] = {
        "from_version": previous,
        "to_version": alias.version,
        "moved_by": by,
        "moved_at": now(),
    }
    return AliasMoveRow(model_id=alias.model_id, name=alias.name, **values)


def _require_no_alias(session: Session, model: ModelRow, version: VersionRow) -> None:
    names = [
        alias.name
        for alias in repository.list_aliases(session, model)
        if alias.version == version.number
    ]
    if names:
        raise Conflict(
            f"Version {version.number} of {model.name} has the aliases {', '.join(names)}; move "
            "them first"
        )


def _require_not_fitting(session: Session, model: ModelRow, versions: Sequence[VersionRow]) -> None:
    for version in versions:
        if state_of(version, repository.job_of(session, version)) == "fitting":
            raise Conflict(
                f"Version {version.number} of {model.name} is being fitted; cancel its job first"
            )
