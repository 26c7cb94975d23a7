"""The state of the service on the wire."""

from typing import Literal, Self

from service.stores.database import State
from service.web.schemas import Wire

Part = Literal["ok", "unavailable"]


class Alive(Wire):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Wire):
    """What is there, and what is missing."""

    status: Part
    database: State
    engine: Part
    tables: Part
    artifacts: Part

    @classmethod
    def of(cls, *, database: State, engine: bool, tables: bool, artifacts: bool) -> Self:
        """Say of each part whether it is there."""
        return cls(
            status=_part(there=database == "ok" and engine and tables and artifacts),
            database=database,
            engine=_part(there=engine),
            tables=_part(there=tables),
            artifacts=_part(there=artifacts),
        )


class Release(Wire):
    """Which release this is."""

    version: str


def _part(*, there: bool) -> Part:
    return "ok" if there else "unavailable"
