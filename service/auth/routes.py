"""Route that describes the caller's API key."""

from fastapi import APIRouter

from service.auth.schemas import CurrentKey
from service.web.dependencies import CallerDep

router = APIRouter(tags=["access"])


@router.get("/v1/key")
def get_key(caller: CallerDep) -> CurrentKey:
    """Return the API key of the request with its tenant and scopes."""
    return CurrentKey.of(caller)
