"""Two versions of a model compared: who would move."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from service import RELEASE
from service.comparisons import operations
from service.comparisons.operations import VersionPair
from service.comparisons.schemas import Comparison
from service.registry.operations import PRODUCTION
from service.stores.lru_cache import cache_key
from service.web.dependencies import VERSION_REF, ModelName, ServicesDep, TenantDep
from service.web.etags import ANY, NOT_MODIFIED, IfNoneMatch, cache_headers, matches_etag

COMPARISON = "/v1/models/{model}/comparison"

From = Annotated[str, Query(alias="from", pattern=VERSION_REF, description="A version's number, or an alias.")]
To = Annotated[
    str | None,
    Query(alias="to", pattern=VERSION_REF, description="A version's number, or an alias. Absent: the newest."),
]

router = APIRouter(tags=["comparisons"])


def _pair(
    parts: ServicesDep, tenant: TenantDep, model: ModelName, before: From = PRODUCTION, after: To = None
) -> VersionPair:
    """Find the two versions; to place their customers may take long, and needs no session."""
    with parts.stores.database.reading() as session:
        pair = operations.find_pair(session, tenant, model, before, after)
    operations.check_size_limit(parts.settings, pair)
    return pair


PairDep = Annotated[VersionPair, Depends(_pair)]


@router.get(COMPARISON, response_model=Comparison, responses=NOT_MODIFIED)
def compare_versions(
    parts: ServicesDep, pair: PairDep, response: Response, if_none_match: IfNoneMatch = None
) -> Response | Comparison:
    """Say who would move if one version took the place of another: both place the customers whom `to` learned from."""
    tag = cache_key([RELEASE, pair.state])
    if matches_etag(tag, if_none_match) or if_none_match == ANY:
        return Response(status_code=304, headers=cache_headers(tag))
    response.headers.update(cache_headers(tag))
    return Comparison.of(pair, *operations.compare(parts.stores, pair))
