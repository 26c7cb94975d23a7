"""What a request for assignments asks, as far as its head says so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from starlette.routing import Route
from starlette.types import Scope

from service.assignments.routes import router
from service.registry.operations import PRODUCTION
from service.web.formats import MULTIPART, is_json
from service.web.formats.writing import FORMATS, Format, NotAcceptable, negotiate
from service.web.heads import header

MOST_REMEMBERED: Final = 1_000
LONGEST_WISH: Final = 200  # characters of a header: what is longer is unusual, and not worth remembering

_NAME: Final = "[a-z][a-z0-9_-]{0,62}"
_PLACE: Final = re.compile(rf"/v1/models/({_NAME})(?:/versions/([1-9][0-9]{{0,8}}|{_NAME}))?/assignments")
_OF_PRODUCTION, _OF_VERSION = cast("list[Route]", router.routes)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the query asks for."""

    atomic: bool = False
    explain: bool = False
    fmt: str | None = None


_OPTIONS: Final[Mapping[bytes, Options]] = {
    b"": Options(),
    **{f"atomic={text}".encode(): Options(atomic=text == "true") for text in ("true", "false")},
    **{f"explain={text}".encode(): Options(explain=text == "true") for text in ("true", "false")},
    **{f"format={fmt.name}".encode(): Options(fmt=fmt.name) for fmt in FORMATS},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which version is asked, in which format, and how it should answer."""

    model: str
    ref: str
    options: Options
    media_type: str
    is_json: bool
    fmt: Format
    route: Route


def asked_in(scope: Scope) -> Asked | None:
    """Understand a request by its head; None for what is none of the usual ones."""
    if scope["method"] != "POST":
        return None
    media_type, accept = header(scope, b"content-type") or "", header(scope, b"accept")
    if len(media_type) + len(accept or "") > LONGEST_WISH:
        return None
    return _understood(scope["path"], scope["query_string"], media_type, accept)


@lru_cache(MOST_REMEMBERED)
def _understood(path: str, query: bytes, media_type: str, accept: str | None) -> Asked | None:
    place, options = _PLACE.fullmatch(path), _OPTIONS.get(query)
    if place is None or options is None or media_type == "" or media_type.lower().startswith(MULTIPART):
        return None
    fmt = _format(accept, options.fmt)
    if fmt is None:
        return None
    return Asked(
        model=place[1],
        ref=place[2] or PRODUCTION,
        options=options,
        media_type=media_type,
        is_json=is_json(media_type),
        fmt=fmt,
        route=_OF_VERSION if place[2] else _OF_PRODUCTION,
    )


def _format(accept: str | None, name: str | None) -> Format | None:
    try:
        return negotiate(accept, name)
    except NotAcceptable:
        return None
