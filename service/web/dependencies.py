"""FastAPI dependencies and path and query parameters shared by routes."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request

from service.config import Settings
from service.engine.client import JobEngine
from service.principals import Principal
from service.stores import Stores
from service.stores.database import Database, Session
from service.web.formats import ReaderPool
from service.web.metrics import Metrics
from service.web.schemas import NAME


@dataclass(frozen=True, kw_only=True)
class Services:
    """The app's services, created at start-up."""

    settings: Settings
    stores: Stores
    engine: JobEngine
    metrics: Metrics
    readers: ReaderPool


# Getters are coroutines, since FastAPI runs each function that is none in a thread.
async def get_services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


async def _caller(request: Request) -> Principal:
    return cast("Principal", request.state.caller)


CallerDep = Annotated[Principal, Depends(_caller)]


async def _tenant(caller: CallerDep) -> str:
    return caller.tenant


async def _allowed(request: Request) -> Callable[[], Awaitable[bool]]:
    return cast("Callable[[], Awaitable[bool]]", request.state.is_allowed)


async def _database(services: ServicesDep) -> Database:
    return services.stores.database


def _read_session(services: ServicesDep) -> Iterator[Session]:
    with services.stores.database.reading() as session:
        yield session


def _write_session(services: ServicesDep) -> Iterator[Session]:
    with services.stores.database.writing() as session:
        yield session


async def _engine(services: ServicesDep) -> JobEngine:
    return services.engine


# For endless responses, which check from time to time whether their key has been revoked.
AllowedDep = Annotated[Callable[[], Awaitable[bool]], Depends(_allowed)]
TenantDep = Annotated[str, Depends(_tenant)]
DatabaseDep = Annotated[Database, Depends(_database)]
# scope="function" commits before the response is sent, so that a success response never precedes a
# failed commit.
ReadDep = Annotated[Session, Depends(_read_session, scope="function")]
WriteDep = Annotated[Session, Depends(_write_session, scope="function")]
EngineDep = Annotated[JobEngine, Depends(_engine)]

DatasetName = Annotated[
    str, Path(pattern=NAME, description="The dataset's name.", examples=["sample"])
]
NewDatasetName = Annotated[
    str, Path(pattern=NAME, description="The dataset's name.", examples=["my-customers"])
]
OrdersName = Annotated[
    str, Path(pattern=NAME, description="The dataset's name.", examples=["sample-orders"])
]
ModelName = Annotated[str, Path(pattern=NAME, description="The model's name.", examples=["sample"])]
# The examples create and delete these names, so that trying them out in Swagger never deletes the
# sample.
NewModelName = Annotated[
    str, Path(pattern=NAME, description="The model's name.", examples=["my-segments"])
]
TreeModelName = Annotated[
    str,
    Path(pattern=NAME, description="The name of a hierarchical model.", examples=["sample-tree"]),
]
AliasName = Annotated[str, Path(pattern=NAME, description="The alias.", examples=["production"])]
SegmentRef = Annotated[
    str,
    Path(
        pattern=r"^(seg_[0-9a-f]{16}|0|[1-9][0-9]{0,3})$",
        description="The segment's id, or its index in the version (in the production version if "
        "the path names none).",
        examples=["0"],
    ),
]
VERSION_REF = rf"^[1-9][0-9]{{0,8}}$|{NAME}"
VersionRef = Annotated[
    str,
    Path(
        pattern=VERSION_REF,
        description="The version's number, or an alias.",
        examples=["production"],
    ),
]
FurtherVersionRef = Annotated[
    str, Path(pattern=VERSION_REF, description="The version's number, or an alias.", examples=["2"])
]
PageSize = Annotated[int, Query(ge=1, le=1000, description="The maximum number of entries.")]
PageToken = Annotated[
    str | None,
    Query(max_length=500, description="The `next_page_token` of the previous page."),
]
