"""What a client has already: `If-None-Match` (RFC 9110, 13.1.2)."""

import re
from typing import Annotated, Final

from fastapi import Header

ANY: Final = "*"

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')

IfNoneMatch = Annotated[str | None, Header(description="The `ETag` of what the client has, several, or `*`.")]


def quoted(tag: str) -> str:
    """Write a tag as the header `ETag` has it."""
    return f'"{tag}"'


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Tell whether a client names a tag among those that it has, weak or strong; `*` names none."""
    return tag in _TAG.findall(if_none_match or "")
