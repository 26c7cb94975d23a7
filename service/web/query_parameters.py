"""Dependency that refuses query parameters that the route does not declare."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final, Protocol

from fastapi import Request

from service.errors import FieldError, InvalidRequest

MAX_LENGTH: Final = 40
MAX_EXPLAINED: Final = 20  # finding the closest name is slow
UNKNOWN: Final = "a parameter is unknown"
# Other names may be a customer's values and are not echoed.
_USUAL_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}")


class _Parameter(Protocol):
    @property
    def alias(self) -> str: ...


class _Dependant(Protocol):
    """A route or dependency as analysed by FastAPI."""

    @property
    def query_params(self) -> Sequence[_Parameter]: ...

    @property
    def dependencies(self) -> Sequence["_Dependant"]: ...


async def reject_unknown_parameters(request: Request) -> None:
    """Refuse undeclared query parameters, and suggest the closest declared one."""
    if not request.query_params:
        return
    known = sorted(set(_parameter_names(request.scope["route"].dependant)))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        details = [_detail(name, known) for name in unknown[:MAX_EXPLAINED]]
        details += [UNKNOWN] * (len(unknown) - len(details))
        raise InvalidRequest(
            f"The query is not valid: {details[0]}",
            errors=[FieldError(detail=detail) for detail in details],
        )


def _parameter_names(dependant: _Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _parameter_names(dependency)


def _detail(name: str, known: Sequence[str]) -> str:
    message = f"there is no parameter {name!r}" if _USUAL_NAME.fullmatch(name) else UNKNOWN
    closest = get_close_matches(name[:MAX_LENGTH].lower(), known, n=1)
    if closest:
        return f"{message}; did you mean {closest[0]!r}?"
    return (
        f"{message}; known are {', '.join(known)}" if known else f"{message}; this route takes none"
    )
