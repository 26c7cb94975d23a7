"""Who the service takes you for."""

from fastapi import APIRouter

from service.auth.schemas import CurrentKey
from service.web.dependencies import CallerDep

router = APIRouter(tags=["access"])


@router.get("/v1/key")
def get_key(caller: CallerDep) -> CurrentKey:
    """Show which key you call with, whose things it shows, and what it allows."""
    return CurrentKey.of(caller)
