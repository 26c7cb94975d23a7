"""What a client has already, and what it means to change: `If-None-Match` and `If-Match` (RFC 9110, 13.1)."""

import hashlib
import re
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel

from service.errors import ChangedMeanwhile

ANY: Final = "*"
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as the client has it"}}

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')

IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of what the client has, several, or `*`.")]

IfMatch = Annotated[
    str | None,
    Header(description="The `ETag` of what is to be changed: refused if somebody else has changed it since."),
]


def etag_of(shown: BaseModel) -> str:
    """Give the tag of something as it is shown."""
    return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]


def check_if_match(if_match: str | None, shown: BaseModel | None) -> None:
    """Refuse to change what is not as the client has it; None is what does not exist."""
    if if_match is None or (shown is not None and (if_match == ANY or matches_etag(etag_of(shown), if_match))):
        return
    raise ChangedMeanwhile


def cache_headers(tag: str) -> dict[str, str]:
    """Give the headers by which a client may keep an answer, and asks whether it is still so."""
    return {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}


def matches_etag(tag: str, if_none_match: str | None) -> bool:
    """Tell whether a client names a tag among those that it has, weak or strong; `*` names none."""
    return tag in _TAG.findall(if_none_match or "")
