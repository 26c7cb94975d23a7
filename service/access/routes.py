"""Who the service takes you for."""

from fastapi import APIRouter

from service.access.schemas import Key
from service.web.dependencies import CallerDep

router = APIRouter(tags=["access"])


@router.get("/v1/key")
def get_key(caller: CallerDep) -> Key:
    """Show which key you call with, whose things it shows, and what it allows."""
    return Key.of(caller)
