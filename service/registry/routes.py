"""Routes of models, versions, artifacts and aliases."""

from typing import Any

from fastapi import APIRouter, Response

from service.errors import NotFound
from service.registry import operations, repository
from service.registry.schemas import (
    Alias,
    AliasList,
    AliasLog,
    AliasMove,
    AliasMoved,
    Model,
    ModelList,
    Version,
    VersionList,
    show_model,
    show_version,
)
from service.web.dependencies import (
    AliasName,
    CallerDep,
    FurtherVersionRef,
    ModelName,
    NewModelName,
    PageSize,
    PageToken,
    ReadDep,
    ServicesDep,
    TenantDep,
    VersionRef,
    WriteDep,
)
from service.web.etags import IfMatch, cache_headers, check_if_match, etag_of
from service.web.pagination import decode_cursor, decode_offset, next_cursor

BYTES = "application/octet-stream"
JOBLIB: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The joblib file",
        "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
    },
}

router = APIRouter(tags=["registry"])


@router.get("/v1/models")
def list_models(
    session: ReadDep, tenant: TenantDep, page_size: PageSize = 100, page_token: PageToken = None
) -> ModelList:
    """List all models, ordered by name."""
    rows = repository.list_models(session, tenant, after=decode_cursor(page_token), limit=page_size)
    token = next_cursor(rows, page_size, lambda row: row.name)
    return ModelList(models=[show_model(session, row) for row in rows], next_page_token=token)


@router.get("/v1/models/{model}")
def get_model(session: ReadDep, tenant: TenantDep, model: ModelName) -> Model:
    """Retrieve a model."""
    return show_model(session, repository.get_model(session, tenant, model))


@router.delete("/v1/models/{model}", status_code=204)
def delete_model(services: ServicesDep, tenant: TenantDep, model: NewModelName) -> None:
    """Delete a model with all its versions.

    Answers 409 while one of them is being fitted.
    """
    operations.delete_model(services.stores, tenant, model)


@router.get("/v1/models/{model}/versions")
def list_versions(
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> VersionList:
    """List the versions of a model, oldest first."""
    row = repository.get_model(session, tenant, model)
    rows = repository.list_versions(session, row, after=decode_offset(page_token), limit=page_size)
    token = next_cursor(rows, page_size, lambda version: str(version.number))
    return VersionList(
        versions=[show_version(session, row, version) for version in rows], next_page_token=token
    )


@router.get("/v1/models/{model}/versions/{version}")
def get_version(
    session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef, response: Response
) -> Version:
    """Retrieve a version of a model.

    Returns the parameters of the fit, the prepared features, the segments and the metrics.
    """
    row = repository.get_model(session, tenant, model)
    shown = show_version(session, row, repository.get_version(session, row, version))
    response.headers.update(cache_headers(etag_of(shown)))
    return shown


@router.delete("/v1/models/{model}/versions/{version}", status_code=204)
def delete_version(
    services: ServicesDep, tenant: TenantDep, model: ModelName, version: FurtherVersionRef
) -> None:
    """Delete a version.

    Answers 409 if an alias points to it or it is being fitted.
    """
    operations.delete_version(services.stores, tenant, model, version)


@router.get(
    "/v1/models/{model}/versions/{version}/artifact", response_class=Response, responses=JOBLIB
)
def get_artifact(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
) -> Response:
    """Download a version as a joblib file.

    The file contains a plain scikit-learn pipeline. Loading it runs code, so load it only if you
    trust this service.
    """
    row, ready = operations.get_ready_version(session, tenant, model, version)
    data = services.stores.artifacts.read(
        operations.artifact_ref(row, ready), operations.PIPELINE_FILE
    )
    name = f"{model}-{ready.number}.joblib"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, headers=headers, media_type=BYTES)


@router.get("/v1/models/{model}/aliases")
def list_aliases(session: ReadDep, tenant: TenantDep, model: ModelName) -> AliasList:
    """List the aliases of a model, ordered by name."""
    rows = repository.list_aliases(session, repository.get_model(session, tenant, model))
    return AliasList(aliases=[Alias.of(row) for row in rows])


@router.get("/v1/models/{model}/aliases/{alias}")
def get_alias(
    session: ReadDep, tenant: TenantDep, model: ModelName, alias: AliasName, response: Response
) -> Alias:
    """Retrieve an alias, and the version that it points to."""
    found = repository.find_alias(session, repository.get_model(session, tenant, model), alias)
    if found is None:
        raise NotFound(f"The model {model} has no alias {alias}")
    response.headers.update(cache_headers(etag_of(Alias.of(found))))
    return Alias.of(found)


@router.put("/v1/models/{model}/aliases/{alias}")
def move_alias(
    session: WriteDep,
    tenant: TenantDep,
    caller: CallerDep,
    model: ModelName,
    alias: AliasName,
    body: AliasMove,
    response: Response,
    if_match: IfMatch = None,
) -> Alias:
    """Point an alias to a version.

    Use it to promote a version to production, or to roll back. Creates the alias if it is new.
    """
    row = repository.get_model(session, tenant, model)
    current = repository.lock_alias(session, row, alias)
    check_if_match(if_match, Alias.of(current) if current else None)
    version = repository.get_version(session, row, str(body.version))
    moved = Alias.of(operations.move_alias(session, row, alias, version, by=caller.name))
    response.headers.update(cache_headers(etag_of(moved)))
    return moved


@router.get("/v1/models/{model}/aliases/{alias}/log")
def get_alias_log(
    session: ReadDep, tenant: TenantDep, model: ModelName, alias: AliasName
) -> AliasLog:
    """List the moves of an alias, newest first.

    Each entry contains the caller, the time, and both versions.
    """
    rows = repository.list_alias_moves(session, repository.get_model(session, tenant, model), alias)
    if not rows:
        raise NotFound(f"The model {model} never had an alias {alias}")
    return AliasLog(moves=[AliasMoved.model_validate(row) for row in rows])
