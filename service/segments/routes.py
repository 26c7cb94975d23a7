"""What the segments of a version are like, and what people call them."""

from fastapi import APIRouter, Response

from service.registry import operations as registry
from service.registry import repository
from service.segments import operations
from service.segments.schemas import NamedSegment, Segment, SegmentChange, SegmentList
from service.web.dependencies import ModelName, ReadDep, SegmentRef, TenantDep, VersionRef, WriteDep
from service.web.etags import IfMatch, cache_headers, check_if_match, etag_of

router = APIRouter(tags=["segments"])


@router.get("/v1/models/{model}/versions/{version}/segments")
def list_segments(session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef) -> SegmentList:
    """Describe the segments of a version: sizes, what is typical, what sets each apart."""
    _, ready = registry.get_ready_version(session, tenant, model, version)
    segments = [Segment.of(*pair) for pair in repository.list_profiles(session, ready)]
    return SegmentList(model=model, version=ready.number, segments=segments)


@router.get("/v1/models/{model}/versions/{version}/segments/{segment}")
def get_segment(
    session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef, segment: SegmentRef, response: Response
) -> Segment:
    """Describe one segment of a version; its `ETag` is that of its given name and description."""
    _, ready = registry.get_ready_version(session, tenant, model, version)
    profile, row = repository.get_segment(session, ready, segment)
    response.headers.update(cache_headers(etag_of(NamedSegment.of(row))))
    return Segment.of(profile, row)


@router.patch("/v1/models/{model}/segments/{segment}")
def name_segment(
    session: WriteDep,
    tenant: TenantDep,
    model: ModelName,
    segment: SegmentRef,
    body: SegmentChange,
    response: Response,
    if_match: IfMatch = None,
) -> NamedSegment:
    """Give a segment a name or a description of your own."""
    row = operations.get_segment(session, tenant, model, segment)
    check_if_match(if_match, NamedSegment.of(row))
    named = NamedSegment.of(operations.change_segment(row, body.model_dump(exclude_unset=True)))
    response.headers.update(cache_headers(etag_of(named)))
    return named
