"""Route of comparisons of two versions of a model."""

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

From = Annotated[
    str,
    Query(
        alias="from",
        pattern=VERSION_REF,
        description="The earlier version: its number, or an alias.",
    ),
]
To = Annotated[
    str | None,
    Query(
        alias="to",
        pattern=VERSION_REF,
        description="The later version: its number, or an alias. Defaults to the newest ready one.",
    ),
]

router = APIRouter(tags=["comparisons"])


def _pair(
    services: ServicesDep,
    tenant: TenantDep,
    model: ModelName,
    before: From = PRODUCTION,
    after: To = None,
) -> VersionPair:
    """Find the two versions in a session that ends before the customers are assigned."""
    with services.stores.database.reading() as session:
        pair = operations.find_pair(session, tenant, model, before, after)
    operations.check_size_limit(services.settings, pair)
    return pair


PairDep = Annotated[VersionPair, Depends(_pair)]


@router.get("/v1/models/{model}/comparison", response_model=Comparison, responses=NOT_MODIFIED)  # noqa: FAST003 - read by `_pair`
def compare_versions(
    services: ServicesDep, pair: PairDep, response: Response, if_none_match: IfNoneMatch = None
) -> Response | Comparison:
    """Compare two versions of a model.

    Both versions assign the customers that `to` was fitted on. Returns the number of customers in
    each pair of segments, and the share that would move.
    """
    tag = cache_key([RELEASE, pair.state])
    if matches_etag(tag, if_none_match) or if_none_match == ANY:
        return Response(status_code=304, headers=cache_headers(tag))
    response.headers.update(cache_headers(tag))
    return Comparison.of(pair, *operations.compare(services.stores, pair))
