"""Queries on the table of recommendations."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.datasets.rows import DatasetRow
from service.errors import NotFound
from service.jobs.rows import NEWEST
from service.recommendations.rows import RecommendationRow


def find_by_id(session: Session, recommendation_id: str) -> RecommendationRow | None:
    """Find a recommendation of any tenant, finished or not."""
    return session.get(RecommendationRow, recommendation_id)


def get_by_id(session: Session, recommendation_id: str) -> RecommendationRow:
    """Get a recommendation of any tenant, finished or not."""
    row = find_by_id(session, recommendation_id)
    if row is None:
        raise NotFound("The recommendation was deleted with its dataset")
    return row


def dataset_of(session: Session, row: RecommendationRow) -> DatasetRow:
    return session.get_one(DatasetRow, row.dataset_id)


def get_recommendation(
    session: Session, dataset: DatasetRow, recommendation_id: str
) -> RecommendationRow:
    """Get a finished recommendation of a dataset by its id, or the newest one for `newest`."""
    if recommendation_id == NEWEST:
        row = next(iter(list_recommendations(session, dataset, before=None, limit=1)), None)
    else:
        row = find_by_id(session, recommendation_id)
    if row is None or row.dataset_id != dataset.id or row.answer is None:
        raise NotFound(f"The dataset {dataset.name} has no such recommendation")
    return row


def list_recommendations(
    session: Session, dataset: DatasetRow, *, before: RecommendationRow | None, limit: int
) -> list[RecommendationRow]:
    """List the finished recommendations of a dataset, newest first, starting after `before`."""
    created, row_id = RecommendationRow.created_at, RecommendationRow.id
    query = select(RecommendationRow).where(
        RecommendationRow.dataset_id == dataset.id, RecommendationRow.answer.is_not(None)
    )
    if before is not None:
        same_time = (created == before.created_at) & (row_id < before.id)
        query = query.where((created < before.created_at) | same_time)
    return list(session.scalars(query.order_by(created.desc(), row_id.desc()).limit(limit)))
