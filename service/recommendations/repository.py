"""Verbs on the table of recommendations."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.datasets.rows import DatasetRow
from service.errors import NotFound
from service.jobs.rows import NEWEST
from service.recommendations.rows import RecommendationRow


def find_by_id(session: Session, recommendation_id: str) -> RecommendationRow | None:
    """Find a recommendation, answered or not; for the service itself."""
    return session.get(RecommendationRow, recommendation_id)


def get_by_id(session: Session, recommendation_id: str) -> RecommendationRow:
    """Get a recommendation, answered or not; for the service itself."""
    row = find_by_id(session, recommendation_id)
    if row is None:
        raise NotFound("The recommendation is gone: its dataset was deleted")
    return row


def dataset_of(session: Session, row: RecommendationRow) -> DatasetRow:
    """Get the dataset that a recommendation is for."""
    return session.get_one(DatasetRow, row.dataset_id)


def get_recommendation(session: Session, dataset: DatasetRow, recommendation_id: str) -> RecommendationRow:
    """Get a recommendation for a dataset, or the newest of them."""
    row = _newest(session, dataset) if recommendation_id == NEWEST else find_by_id(session, recommendation_id)
    if row is None or row.dataset_id != dataset.id or row.answer is None:
        raise NotFound(f"The dataset {dataset.name} has no such recommendation")
    return row


def list_recommendations(
    session: Session, dataset: DatasetRow, *, before: RecommendationRow | None, limit: int
) -> list[RecommendationRow]:
    """List the recommendations for a dataset, the newest first, from those asked for before a given one."""
    created, row_id = RecommendationRow.created_at, RecommendationRow.id
    query = select(RecommendationRow).where(
        RecommendationRow.dataset_id == dataset.id, RecommendationRow.answer.is_not(None)
    )
    if before is not None:
        same_time = (created == before.created_at) & (row_id < before.id)
        query = query.where((created < before.created_at) | same_time)
    return list(session.scalars(query.order_by(created.desc(), row_id.desc()).limit(limit)))


def _newest(session: Session, dataset: DatasetRow) -> RecommendationRow | None:
    return next(iter(list_recommendations(session, dataset, before=None, limit=1)), None)
