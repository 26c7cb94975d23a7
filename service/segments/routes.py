"""Routes of segments: list, retrieve, name."""

from fastapi import APIRouter, Response

from service.registry import operations as registry
from service.registry import repository
from service.segments import operations
from service.segments.schemas import NamedSegment, Segment, SegmentChange, SegmentList
from service.web.dependencies import ModelName, ReadDep, SegmentRef, TenantDep, VersionRef, WriteDep
from service.web.etags import IfMatch, cache_headers, check_if_match, etag_of

router = APIRouter(tags=["segments"])


@router.get("/v1/models/{model}/versions/{version}/segments")
def list_segments(
    session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef
) -> SegmentList:
    """List the segments of a version.

    Returns the size, the typical values and the distinguishing features of each segment.
    """
    _, ready = registry.get_ready_version(session, tenant, model, version)
    segments = [Segment.of(*pair) for pair in repository.list_profiles(session, ready)]
    return SegmentList(model=model, version=ready.number, segments=segments)


@router.get("/v1/models/{model}/versions/{version}/segments/{segment}")
def get_segment(
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    segment: SegmentRef,
    response: Response,
) -> Segment:
    """Retrieve a segment of a version.

    The `ETag` covers the name and the description that were set; use it in `If-Match` to change
    them.
    """
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
    """Set the name or the description of a segment.

    They belong to the model and stay with the segment in later versions.
    """
    row = operations.get_segment(session, tenant, model, segment)
    check_if_match(if_match, NamedSegment.of(row))
    named = NamedSegment.of(operations.change_segment(row, body.model_dump(exclude_unset=True)))
    response.headers.update(cache_headers(etag_of(named)))
    return named
