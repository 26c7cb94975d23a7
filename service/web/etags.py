"""What a client has already: `If-None-Match` (RFC 9110, 13.1.2)."""

import re
from typing import Annotated, Any, Final

from fastapi import Header

ANY: Final = "*"
UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as the client has it"}}

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')

IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of what the client has, several, or `*`.")]


def kept(tag: str) -> dict[str, str]:
    """Give the headers by which a client may keep an answer, and asks whether it is still so."""
    return {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Tell whether a client names a tag among those that it has, weak or strong; `*` names none."""
    return tag in _TAG.findall(if_none_match or "")
