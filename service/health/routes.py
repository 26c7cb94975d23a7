"""For the orchestrator: alive, ready, which release."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from service import RELEASE
from service.health.schemas import Alive, Readiness, Release
from service.web.dependencies import ServicesDep

router = APIRouter(tags=["health"])


@router.get("/livez")
async def get_liveness() -> Alive:
    """Tell that the process answers."""
    return Alive(status="ok")


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Something is missing"}})
def get_readiness(parts: ServicesDep, response: Response) -> Readiness:
    """Tell whether everything that requests need is there, and what is missing."""
    stores = parts.stores
    readiness = Readiness.of(
        database=stores.database.state(),
        engine=parts.engine.ready(),
        tables=stores.tables.answers(),
        artifacts=stores.artifacts.answers(),
        full={
            name for name, store in (("tables", stores.tables), ("artifacts", stores.artifacts)) if not store.has_room()
        },
    )
    if readiness.status != "ok":
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return readiness


@router.get("/version")
def get_release() -> Release:
    """Tell which release of the service this is."""
    return Release(version=RELEASE)


@router.get("/metrics", response_class=PlainTextResponse)
def get_metrics(request: Request, parts: ServicesDep) -> Response:
    """Tell Prometheus how this process and the jobs are doing; needs a key that may administer.

    Every process counts its own requests; jobs and queue are those of the whole service, the same whichever is asked.
    """
    text, media_type = parts.metrics.render(request.headers.get("accept", ""))
    return Response(text, media_type=media_type)
