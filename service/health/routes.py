"""Routes of liveness and readiness probes, the release and metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from service import RELEASE
from service.health.schemas import Alive, Readiness, Release
from service.web.dependencies import ServicesDep

router = APIRouter(tags=["health"])


@router.get("/livez")
async def get_liveness() -> Alive:
    """Check that the process responds."""
    return Alive(status="ok")


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "A dependency is unavailable"}}
)
def get_readiness(services: ServicesDep, response: Response) -> Readiness:
    """Check that the service can handle requests, with the state of each dependency."""
    stores = services.stores
    readiness = Readiness.of(
        database=stores.database.state(),
        engine=services.engine.ready(),
        tables=stores.tables.answers(),
        artifacts=stores.artifacts.answers(),
        full={
            name
            for name, store in (("tables", stores.tables), ("artifacts", stores.artifacts))
            if not store.has_free_space()
        },
    )
    if readiness.status != "ok":
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return readiness


@router.get("/version")
def get_release() -> Release:
    """Return the release of the service."""
    return Release(version=RELEASE)


@router.get("/metrics", response_class=PlainTextResponse)
def get_metrics(request: Request, services: ServicesDep) -> Response:
    """Return the metrics in a Prometheus format; needs a key with the scope `admin`.

    Request metrics count the requests of this service, with all its processes; job and queue
    metrics cover all services that share the database.
    """
    text, media_type = services.metrics.render(request.headers.get("accept", ""))
    return Response(text, media_type=media_type)
