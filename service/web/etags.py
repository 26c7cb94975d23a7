"""Entity tags: the conditional requests `If-None-Match` and `If-Match` (RFC 9110, section 13.1)."""

import hashlib
import re
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel

from service.errors import ChangedMeanwhile

ANY: Final = "*"
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "Not modified"}}

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')

IfNoneMatch = Annotated[
    str | None, Header(description="One or several `ETag` values of cached responses, or `*`.")
]

IfMatch = Annotated[
    str | None,
    Header(
        description="The `ETag` of the resource to change; the request is refused if the resource "
        "has changed since."
    ),
]


def etag_of(shown: BaseModel) -> str:
    """Return the entity tag of a response body: a hash of its JSON."""
    return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]


def check_if_match(if_match: str | None, shown: BaseModel | None) -> None:
    """Raise ChangedMeanwhile unless `If-Match` names the current resource.

    None if it does not exist.
    """
    if if_match is None or (
        shown is not None and (if_match == ANY or matches_etag(etag_of(shown), if_match))
    ):
        return
    raise ChangedMeanwhile


def cache_headers(tag: str) -> dict[str, str]:
    """Return the headers of a response that clients may cache and must revalidate."""
    return {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}


def matches_etag(tag: str, if_none_match: str | None) -> bool:
    """Return whether `If-None-Match` lists a tag, weak or strong. `*` matches no tag here."""
    return tag in _TAG.findall(if_none_match or "")
