"""Plans a fit: what it will learn from and how, written down as a version and its job."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from models.algorithms import Algorithm
from models.features import Feature
from service.datasets import operations as datasets
from service.datasets import repository as datasets_repository
from service.datasets.rows import DatasetVersionRow
from service.errors import AlreadyExists, Conflict, FieldError, InvalidRequest
from service.jobs import operations as jobs
from service.jobs.rows import JobRow
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.rows import ModelRow, VersionRow
from service.stores.database import JsonObject, now
from service.training.schemas import FeatureIn, ModelCreate, VersionCreate, require_one_cut

FIT = "fit"
USABLE = ("numeric", "categorical")

_algorithms: TypeAdapter[Algorithm] = TypeAdapter(Algorithm)
_features: TypeAdapter[list[Feature]] = TypeAdapter(list[Feature])


def plan_model(session: Session, tenant: str, request: ModelCreate) -> JobRow:
    """Write down a new model, its version 1 and the job that fits it.

    A name whose every fit has failed is not taken: it goes on with its next version.
    """
    version, source = _source(session, tenant, request.dataset, request.dataset_version)
    features = _choose(version, request.features)
    model = registry_repository.find_model(session, tenant, request.name)
    if model is not None and registry_repository.has_usable_version(session, model):
        raise AlreadyExists(f"There is a model called {request.name} already")
    model = model or registry_repository.add_model(session, tenant, request.name)
    asked = {"algorithm": asdict(request.algorithm), "k": request.k, "seed": request.seed, "features": features}
    return _plan(session, model, {**source, **asked})


def plan_version(session: Session, tenant: str, name: str, request: VersionCreate) -> JobRow:
    """Write down a model's next version and the job that fits it; what is not asked is as in its base version."""
    model = registry_repository.get_model(session, tenant, name)
    base = registry.base_version(session, model)
    if base is None:
        raise Conflict(f"The model {name} has no version to follow yet: its first fit is not finished, or failed")
    version, source = _source(session, tenant, request.dataset or base.dataset, request.dataset_version)
    asked = {
        "algorithm": asdict(request.algorithm) if request.algorithm else base.algorithm,
        "k": request.k or (None if _cut_by_distance(request.algorithm, base) else base.k),
        "seed": base.seed if request.seed is None else request.seed,
        "features": _inherit(version, base) if request.features is None else _choose(version, request.features),
    }
    _require_one_cut(asked)
    return _plan(session, model, {"base": base.number, **source, **asked})


def read_algorithm(version: VersionRow) -> Algorithm:
    """Read the algorithm that a version was asked for."""
    return _algorithms.validate_python(version.algorithm)


def read_features(version: VersionRow) -> list[Feature]:
    """Read the features that a version was asked for, or has decided on."""
    return _features.validate_python(version.features)


def _plan(session: Session, model: ModelRow, asked: dict[str, Any]) -> JobRow:
    number = registry.next_number(session, model)
    job = jobs.plan_job(session, model.tenant, FIT, {"model_id": model.id, "version": number})
    session.add(VersionRow(model_id=model.id, number=number, job_id=job.id, created_at=now(), **asked))
    datasets.use(session, asked["dataset_id"], model.id)
    return job


def _source(
    session: Session, tenant: str, name: str, number: int | None
) -> tuple[DatasetVersionRow, dict[str, str | int]]:
    dataset = datasets_repository.get_dataset(session, tenant, name)
    version = datasets_repository.get_version(session, dataset, number or dataset.version)
    return version, {
        "dataset_id": dataset.id,
        "dataset": dataset.name,
        "dataset_version": version.version,
        "customer_id": version.customer_id,
    }


def _choose(version: DatasetVersionRow, asked: Sequence[str | FeatureIn] | None) -> list[JsonObject]:
    kinds = {column["name"]: column["kind"] for column in version.columns}
    if asked is None:
        asked = [name for name, kind in kinds.items() if kind in USABLE]
    chosen = [FeatureIn(name=item) if isinstance(item, str) else item for item in asked]
    _require_usable([feature.name for feature in chosen], kinds)
    return [asdict(Feature(kind=kinds[feature.name], **feature.model_dump())) for feature in chosen]


def _inherit(version: DatasetVersionRow, base: VersionRow) -> list[JsonObject]:
    kinds = {column["name"]: column["kind"] for column in version.columns}
    _require_usable([feature["name"] for feature in base.features], kinds)
    changed = [feature["name"] for feature in base.features if feature["kind"] != kinds[feature["name"]]]
    if changed:
        faults = [FieldError(detail=f"{name}: the column is taken for {kinds[name]} now") for name in changed]
        raise InvalidRequest(f"The columns are not those that version {base.number} learned from", errors=faults)
    return base.features


def _require_usable(names: Sequence[str], kinds: dict[str, str]) -> None:
    faults = [
        FieldError(detail=f"{name}: {fault}", pointer=f"/features/{position}")
        for position, name in enumerate(names)
        if (fault := _fault(name, names[:position], kinds))
    ]
    if faults or not names:
        raise InvalidRequest("The features cannot be used", errors=faults)


def _fault(name: str, earlier: Sequence[str], kinds: dict[str, str]) -> str | None:
    if name not in kinds:
        return "the dataset has no such column"
    if kinds[name] not in USABLE:
        return f"the column is taken for {kinds[name]}, not for numeric or categorical"
    return "named twice" if name in earlier else None


def _cut_by_distance(algorithm: Algorithm | None, base: VersionRow) -> bool:
    parameters = asdict(algorithm) if algorithm else base.algorithm
    return parameters.get("distance") is not None


def _require_one_cut(asked: dict[str, Any]) -> None:
    try:
        require_one_cut(_algorithms.validate_python(asked["algorithm"]), asked["k"])
    except ValueError as error:
        raise InvalidRequest(str(error), errors=[FieldError(detail=str(error), pointer="/k")]) from error
