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
LONGEST_WISHES: Final = 400  # characters: what is longer is unusual, and not worth remembering

_NAME: Final = "[a-z][a-z0-9_-]{0,62}"
_PLACE: Final = re.compile(rf"/v1/models/({_NAME})(?:/versions/([1-9][0-9]{{0,8}}|{_NAME}))?/assignments")
_LAST: Final = "/assignments"
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
    options = _OPTIONS.get(scope["query_string"])
    if options is None or scope["method"] != "POST" or not scope["path"].endswith(_LAST):
        return None
    wishes = scope["path"], header(scope, b"content-type") or "", header(scope, b"accept") or "*/*"
    return _understood(options, *wishes) if sum(map(len, wishes)) <= LONGEST_WISHES else None


@lru_cache(MOST_REMEMBERED)
def _understood(options: Options, path: str, media_type: str, accept: str) -> Asked | None:
    place, fmt = _PLACE.fullmatch(path), _format(accept, options.fmt)
    if place is None or fmt is None or media_type == "" or media_type.lower().startswith(MULTIPART):
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


def _format(accept: str, name: str | None) -> Format | None:
    try:
        return negotiate(accept, name)
    except NotAcceptable:
        return None
