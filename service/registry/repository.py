"""Queries on the tables of models, versions, aliases and segments."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import AlreadyExists, NotFound
from service.jobs.rows import UNFINISHED, JobRow
from service.registry.rows import (
    AliasMoveRow,
    AliasRow,
    ModelRow,
    ProfileRow,
    SegmentRow,
    VersionRow,
)
from service.stores.database import now


def find_model(session: Session, tenant: str, name: str) -> ModelRow | None:
    return session.scalar(select(ModelRow).where(ModelRow.tenant == tenant, ModelRow.name == name))


def get_model(session: Session, tenant: str, name: str) -> ModelRow:
    row = find_model(session, tenant, name)
    if row is None:
        raise NotFound(f"There is no model called {name}")
    return row


def add_model(session: Session, tenant: str, name: str) -> ModelRow:
    """Add a model without versions; raises AlreadyExists if the name is taken."""
    row = ModelRow(id=str(uuid4()), tenant=tenant, name=name, last_version=0, created_at=now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise AlreadyExists(f"There is a model called {name} already") from error
    return row


def lock_model(session: Session, model: ModelRow) -> ModelRow:
    """Reload a model and lock its row until the transaction ends (SELECT FOR UPDATE)."""
    row = session.get(ModelRow, model.id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no model called {model.name}")
    return row


def list_models(session: Session, tenant: str, *, after: str | None, limit: int) -> list[ModelRow]:
    """List a tenant's models by name, starting after a given name."""
    query = select(ModelRow).where(ModelRow.tenant == tenant, ModelRow.name > (after or ""))
    return list(session.scalars(query.order_by(ModelRow.name).limit(limit)))


def find_version(session: Session, model: ModelRow, number: int) -> VersionRow | None:
    return session.get(VersionRow, (model.id, number), populate_existing=True)


def get_version(session: Session, model: ModelRow, ref: str) -> VersionRow:
    """Get a version by its number or by an alias."""
    if ref.isdecimal():
        row = find_version(session, model, int(ref))
    else:
        alias = find_alias(session, model, ref)
        row = find_version(session, model, alias.version) if alias else None
    if row is None:
        raise NotFound(f"The model {model.name} has no version {ref}")
    return row


def get_by_id(session: Session, model_id: str, number: int) -> tuple[ModelRow, VersionRow]:
    """Get a model of any tenant and one of its versions, by the model's id."""
    return session.get_one(ModelRow, model_id), session.get_one(VersionRow, (model_id, number))


def list_versions(session: Session, model: ModelRow, *, after: int, limit: int) -> list[VersionRow]:
    """List a model's versions, oldest first, starting after a given number."""
    query = select(VersionRow).where(VersionRow.model_id == model.id, VersionRow.number > after)
    return list(session.scalars(query.order_by(VersionRow.number).limit(limit)))


def list_ready(session: Session) -> list[tuple[ModelRow, VersionRow]]:
    """List the ready versions of all tenants."""
    query = (
        select(ModelRow, VersionRow)
        .join(VersionRow, VersionRow.model_id == ModelRow.id)
        .where(VersionRow.ready)
    )
    ordered = query.order_by(ModelRow.tenant, ModelRow.name, VersionRow.number)
    return [(model, version) for model, version in session.execute(ordered)]


def list_fitting(session: Session) -> list[tuple[ModelRow, VersionRow]]:
    """List the versions of all tenants whose jobs are not finished."""
    query = select(ModelRow, VersionRow).join(VersionRow, VersionRow.model_id == ModelRow.id)
    query = query.join(JobRow, JobRow.id == VersionRow.job_id).where(JobRow.state.in_(UNFINISHED))
    return [(model, version) for model, version in session.execute(query)]


def newest_ready_version(session: Session, model: ModelRow) -> VersionRow | None:
    query = select(VersionRow).where(VersionRow.model_id == model.id, VersionRow.ready)
    return session.scalar(query.order_by(VersionRow.number.desc()).limit(1))


def has_usable_version(session: Session, model: ModelRow) -> bool:
    """Return whether a model has a version that is ready or whose job is not finished."""
    query = select(VersionRow.number).join(JobRow, JobRow.id == VersionRow.job_id)
    query = query.where(
        VersionRow.model_id == model.id, VersionRow.ready | JobRow.state.in_(UNFINISHED)
    )
    return session.scalar(query.limit(1)) is not None


def job_of(session: Session, version: VersionRow) -> JobRow:
    return session.get_one(JobRow, version.job_id, populate_existing=True)


def list_aliases(session: Session, model: ModelRow) -> list[AliasRow]:
    return list(
        session.scalars(
            select(AliasRow).where(AliasRow.model_id == model.id).order_by(AliasRow.name)
        )
    )


def find_alias(session: Session, model: ModelRow, name: str) -> AliasRow | None:
    return session.get(AliasRow, (model.id, name), populate_existing=True)


def lock_alias(session: Session, model: ModelRow, name: str) -> AliasRow | None:
    """Find an alias of a model and lock its row until the transaction ends."""
    return session.get(AliasRow, (model.id, name), populate_existing=True, with_for_update=True)


def list_alias_moves(session: Session, model: ModelRow, name: str) -> list[AliasMoveRow]:
    """List the moves of an alias, newest first."""
    query = select(AliasMoveRow).where(AliasMoveRow.model_id == model.id, AliasMoveRow.name == name)
    return list(session.scalars(query.order_by(AliasMoveRow.id.desc())))


def list_profiles(session: Session, version: VersionRow) -> list[tuple[ProfileRow, SegmentRow]]:
    """List a version's profiles with their segments, ordered by index."""
    query = select(ProfileRow, SegmentRow).join(SegmentRow, SegmentRow.id == ProfileRow.segment_id)
    query = query.where(
        ProfileRow.model_id == version.model_id, ProfileRow.version == version.number
    )
    return [
        (profile, segment) for profile, segment in session.execute(query.order_by(ProfileRow.index))
    ]


def get_segment(session: Session, version: VersionRow, ref: str) -> tuple[ProfileRow, SegmentRow]:
    """Get a segment of a version, and its profile there, by its id or its index."""
    for profile, segment in list_profiles(session, version):
        if ref in {segment.id, str(profile.index)}:
            return profile, segment
    raise NotFound(f"The version has no segment {ref}")


def lock_segment(session: Session, model: ModelRow, segment_id: str) -> SegmentRow | None:
    """Find a segment of a model and lock its row until the transaction ends."""
    query = select(SegmentRow).where(SegmentRow.model_id == model.id, SegmentRow.id == segment_id)
    return session.scalar(query.with_for_update())


def delete_segments_without_profile(session: Session, model: ModelRow) -> None:
    """Delete the segments that no version has any more."""
    used = select(ProfileRow.segment_id).where(ProfileRow.model_id == model.id)
    unused = select(SegmentRow).where(SegmentRow.model_id == model.id, SegmentRow.id.not_in(used))
    for row in session.scalars(unused):
        session.delete(row)


def uses_dataset(session: Session, model: ModelRow, version: VersionRow) -> bool:
    """Return whether any version of a model uses the same dataset version as this one."""
    same = {
        "model_id": model.id,
        "dataset_id": version.dataset_id,
        "dataset_version": version.dataset_version,
    }
    return bool(session.scalar(select(func.count()).select_from(VersionRow).filter_by(**same)))


def delete_rows(session: Session, rows: Sequence[ModelRow | VersionRow]) -> None:
    """Delete models or versions, and, by cascade, the rows that belong to them."""
    for row in rows:
        session.delete(row)
    session.flush()
