"""What the segments of a version are like, and what people call them."""

from fastapi import APIRouter

from service.errors import NotFound
from service.registry import operations as registry
from service.registry import repository
from service.segments import operations
from service.segments.schemas import NamedSegment, Segment, SegmentChange, Segments
from service.web.dependencies import ModelName, ReadDep, SegmentId, TenantDep, VersionRef, WriteDep

router = APIRouter(tags=["segments"])


@router.get("/v1/models/{model}/versions/{version}/segments")
def list_segments(session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef) -> Segments:
    """Describe the segments of a version: sizes, what is typical, what sets each apart."""
    _, ready = registry.get_ready_version(session, tenant, model, version)
    segments = [Segment.of(*pair) for pair in repository.list_profiles(session, ready)]
    return Segments(model=model, version=ready.number, segments=segments)


@router.get("/v1/models/{model}/versions/{version}/segments/{segment}")
def get_segment(
    session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef, segment: SegmentId
) -> Segment:
    """Describe one segment of a version."""
    for found in list_segments(session, tenant, model, version).segments:
        if found.segment == segment:
            return found
    raise NotFound(f"The version has no segment {segment}")


@router.patch("/v1/models/{model}/segments/{segment}")
def name_segment(
    session: WriteDep, tenant: TenantDep, model: ModelName, segment: SegmentId, body: SegmentChange
) -> NamedSegment:
    """Give a segment a name or a description of your own."""
    row = operations.change_segment(session, tenant, model, segment, body.model_dump(exclude_unset=True))
    return NamedSegment(segment=row.id, name=row.name, description=row.description)
