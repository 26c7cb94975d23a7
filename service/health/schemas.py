"""Response bodies of the health checks."""

from collections.abc import Collection
from typing import Literal, Self

from service.stores.database import State
from service.web.schemas import ResponseModel

PartState = Literal["ok", "unavailable"]
StoreState = Literal["ok", "unavailable", "full"]


class Alive(ResponseModel):
    """The process responds."""

    status: Literal["ok"]


class Readiness(ResponseModel):
    """The state of the service and its dependencies."""

    status: PartState
    database: State
    engine: PartState
    tables: StoreState
    artifacts: StoreState

    @classmethod
    def of(
        cls,
        *,
        database: State,
        engine: bool,
        tables: bool,
        artifacts: bool,
        full: Collection[str] = (),
    ) -> Self:
        """Build from the state of each dependency; a `full` store makes the service unavailable."""
        return cls(
            status=_state(
                available=database == "ok" and engine and tables and artifacts and not full
            ),
            database=database,
            engine=_state(available=engine),
            tables="full" if "tables" in full else _state(available=tables),
            artifacts="full" if "artifacts" in full else _state(available=artifacts),
        )


class Release(ResponseModel):
    """The release of the service."""

    version: str


def _state(*, available: bool) -> PartState:
    return "ok" if available else "unavailable"
