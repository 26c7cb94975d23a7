"""Changes of segment names and descriptions."""

from collections.abc import Mapping

from service.errors import NotFound
from service.registry import operations as registry
from service.registry import repository
from service.registry.rows import SegmentRow
from service.stores.database import Session


def get_segment(session: Session, tenant: str, model: str, ref: str) -> SegmentRow:
    """Get a segment of a model by its id, or by its index in production, and lock its row."""
    segment_id = ref
    if ref.isdecimal():
        _, version = registry.get_ready_version(session, tenant, model, registry.PRODUCTION)
        _, segment = repository.get_segment(session, version, ref)
        segment_id = segment.id
    row = repository.lock_segment(session, repository.get_model(session, tenant, model), segment_id)
    if row is None:
        raise NotFound(f"The model {model} has no segment {ref}")
    return row


def change_segment(row: SegmentRow, changes: Mapping[str, str | None]) -> SegmentRow:
    """Set a segment's name or description, or both."""
    for field, value in changes.items():
        setattr(row, field, value)
    return row
