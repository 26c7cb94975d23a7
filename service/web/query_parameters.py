"""Query parameters: one that a route does not declare is refused, as it would otherwise count for nothing."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final, Protocol

from fastapi import Request

from service.errors import FieldError, InvalidRequest

MAX_LENGTH: Final = 40
MAX_EXPLAINED: Final = 20  # looking for the nearest name takes a while
UNKNOWN: Final = "a parameter is unknown"
# Another name may be a value that went astray, and is not repeated.
_USUAL_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}")


class _Parameter(Protocol):
    @property
    def alias(self) -> str: ...


class _Dependant(Protocol):
    """A route, or something that it depends on, as FastAPI has worked out its signature."""

    @property
    def query_params(self) -> Sequence[_Parameter]: ...

    @property
    def dependencies(self) -> Sequence["_Dependant"]: ...


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a request with a query parameter that its route does not declare; name the nearest that it does."""
    if not request.query_params:
        return
    known = sorted(set(_names(request.scope["route"].dependant)))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        faults = [_fault(name, known) for name in unknown[:MAX_EXPLAINED]]
        faults += [UNKNOWN] * (len(unknown) - len(faults))
        raise InvalidRequest(
            f"The query cannot be used: {faults[0]}", errors=[FieldError(detail=fault) for fault in faults]
        )


def _names(dependant: _Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _names(needed)


def _fault(name: str, known: Sequence[str]) -> str:
    said = f"there is no parameter {name!r}" if _USUAL_NAME.fullmatch(name) else UNKNOWN
    nearest = get_close_matches(name[:MAX_LENGTH].lower(), known, n=1)
    if nearest:
        return f"{said}; did you mean {nearest[0]!r}?"
    return f"{said}; known are {', '.join(known)}" if known else f"{said}; this route takes none"
