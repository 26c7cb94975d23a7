"""The state of the service on the wire."""

from collections.abc import Collection
from typing import Literal, Self

from service.stores.database import State
from service.web.schemas import ResponseModel

Part = Literal["ok", "unavailable"]
Place = Literal["ok", "unavailable", "full"]


class Alive(ResponseModel):
    """The process answers."""

    status: Literal["ok"]


class Readiness(ResponseModel):
    """What is there, and what is missing."""

    status: Part
    database: State
    engine: Part
    tables: Place
    artifacts: Place

    @classmethod
    def of(cls, *, database: State, engine: bool, tables: bool, artifacts: bool, full: Collection[str] = ()) -> Self:
        """Say of each part whether it is there; places that are `full` are no use, either."""
        return cls(
            status=_part(there=database == "ok" and engine and tables and artifacts and not full),
            database=database,
            engine=_part(there=engine),
            tables="full" if "tables" in full else _part(there=tables),
            artifacts="full" if "artifacts" in full else _part(there=artifacts),
        )


class Release(ResponseModel):
    """Which release this is."""

    version: str


def _part(*, there: bool) -> Part:
    return "ok" if there else "unavailable"
