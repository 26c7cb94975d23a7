"""What people may change about a segment."""

from collections.abc import Mapping

from service.errors import NotFound
from service.registry import repository
from service.registry.rows import SegmentRow
from service.stores.database import Session


def get_segment(session: Session, tenant: str, model: str, segment_id: str) -> SegmentRow:
    """Get a segment of a model, to be changed in this transaction."""
    row = repository.lock_segment(session, repository.get_model(session, tenant, model), segment_id)
    if row is None:
        raise NotFound(f"The model {model} has no segment {segment_id}")
    return row


def change_segment(row: SegmentRow, changes: Mapping[str, str | None]) -> SegmentRow:
    """Change a segment's given name or description, whichever is named."""
    for field, value in changes.items():
        setattr(row, field, value)
    return row
