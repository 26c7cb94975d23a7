"""Planning of fits: validates a request, then adds the version together with its job."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from models.algorithms import Algorithm, KMeans
from models.errors import TooManyCustomers, UnclearCut
from models.features import Feature
from service.config import Settings
from service.datasets import fold, stored_versions
from service.datasets import repository as datasets_repository
from service.datasets.features import check_size_limit, choose_features, kinds_of, require_usable
from service.datasets.rows import DatasetVersionRow
from service.errors import AlreadyExists, Conflict, FieldError, InvalidRequest
from service.jobs import operations as jobs
from service.jobs.operations import JobPlan
from service.jobs.rows import JobRow
from service.recommendations.operations import RecommendationLimits, require_ordered
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

CUT = "cut"
FIT = "fit"
AUTO = "auto"

_algorithms: TypeAdapter[Algorithm] = TypeAdapter(Algorithm)
_features: TypeAdapter[list[Feature]] = TypeAdapter(list[Feature])


@dataclass(frozen=True, kw_only=True)
class FitSpec:
    """Request for a fit; None is inherited from the base version, or is the default."""

    dataset: str | None
    dataset_version: int | None
    algorithm: Algorithm | None
    k: int | Literal["auto"] | None
    limits: JsonObject
    features: Sequence[JsonObject] | None
    seed: int | None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Cut of a tree into k segments, or at a distance."""

    k: int | None
    distance: float | None


def fold_dataset(stores: Stores, tenant: str, spec: FitSpec, *, model: str, inherits: bool) -> None:
    """Store the changes of the dataset that a fit will read; `inherits` it from the model's base.

    Does nothing if the dataset cannot be determined, which the plan of the fit reports.
    """
    name = spec.dataset or model
    if inherits and spec.dataset is None:
        with stores.database.reading() as session:
            base = registry.base_version(
                session, registry_repository.get_model(session, tenant, model)
            )
        if base is None:
            return
        name = base.dataset
    fold.fold_dataset(stores, tenant, name, spec.dataset_version)


def plan_model(
    session: Session, tenant: str, name: str, spec: FitSpec, settings: Settings
) -> JobPlan:
    """Validate a new model; returns a callback that adds it with its first version and the job.

    The name of a model whose fits have all failed can be used again; its version numbers continue.
    """
    version, source = _source(session, tenant, spec.dataset or name, spec.dataset_version)
    algorithm = asdict(spec.algorithm or KMeans())
    chosen = _resolve_k(spec, algorithm, None)
    features = choose_features(version, spec.features, settings)
    _check_size_limit(settings, version.n_customers, len(features), algorithm, chosen["k"])
    values = {
        **source,
        "algorithm": algorithm,
        **chosen,
        "seed": spec.seed or 0,
        "features": features,
    }
    return lambda writing: _add_version(writing, _new_model(writing, tenant, name), values)


def plan_version(
    session: Session, tenant: str, name: str, spec: FitSpec, settings: Settings
) -> JobPlan:
    """Validate a further version of a model; returns a callback that adds it with its job.

    Parameters that are not set are inherited from the base version.
    """
    model = registry_repository.get_model(session, tenant, name)
    base = registry.base_version(session, model)
    if base is None:
        raise Conflict(
            f"The model {name} has no version to start from yet: its first fit is not finished, or "
            "failed"
        )
    version, source = _source(session, tenant, spec.dataset or base.dataset, spec.dataset_version)
    algorithm = asdict(spec.algorithm) if spec.algorithm else base.algorithm
    chosen = _resolve_k(spec, algorithm, base)
    if spec.features is None:
        features = _inherit_features(version, base)
    else:
        features = choose_features(version, spec.features, settings)
    _check_size_limit(settings, version.n_customers, len(features), algorithm, chosen["k"])
    values = {
        "base": base.number,
        **source,
        "algorithm": algorithm,
        **chosen,
        "seed": base.seed if spec.seed is None else spec.seed,
        "features": features,
    }
    return lambda writing: _add_version(writing, model, values)


def plan_cut(
    session: Session,
    stores: Stores,
    ready: tuple[ModelRow, VersionRow],
    cut: Cut,
    settings: Settings,
) -> JobPlan:
    """Validate another cut of a version's tree.

    Returns a callback that adds the new version with its job.
    """
    if (cut.k is None) == (cut.distance is None):
        raise UnclearCut
    model, base = ready
    source = stored_versions.get_version_or_newest(session, base.dataset_id, base.dataset_version)
    check_size_limit(settings, source.n_customers, len(base.features))
    tree = registry.read_tree(stores, model, base)
    k = cut.k or tree.count(cut.distance or 0.0)
    tree.cut(k)  # raises CutTooFine
    values = {
        "base": base.number,
        "cut_of": base.number,
        **_source_values(base.dataset, source),
        "algorithm": {**base.algorithm, "distance": cut.distance},
        "k": k,
        "seed": base.seed,
        "features": base.features,
    }
    return lambda writing: _add_version(writing, model, values, kind=CUT)


def read_algorithm(version: VersionRow) -> Algorithm:
    """Parse the stored algorithm of a version."""
    return _algorithms.validate_python(version.algorithm)


def read_features(version: VersionRow) -> list[Feature]:
    """Parse the stored features of a version: as requested, or, when it is ready, as fitted."""
    return _features.validate_python(version.features)


def _new_model(session: Session, tenant: str, name: str) -> ModelRow:
    model = registry_repository.find_model(session, tenant, name)
    if model is not None and registry_repository.has_usable_version(session, model):
        raise AlreadyExists(f"There is a model called {name} already")
    return model or registry_repository.add_model(session, tenant, name)


def _add_version(
    session: Session, model: ModelRow, values: dict[str, Any], *, kind: str = FIT
) -> JobRow:
    source = stored_versions.get_version_or_newest(  # raises if the dataset was deleted meanwhile
        session, values["dataset_id"], values["dataset_version"]
    )
    values = {**values, "dataset_version": source.version}
    number = registry.next_number(session, model)
    payload = {"model_id": model.id, "version": number, "algorithm": values["algorithm"]["name"]}
    job = jobs.create_job(session, model.tenant, kind, payload)
    session.add(
        VersionRow(model_id=model.id, number=number, job_id=job.id, created_at=now(), **values)
    )
    stored_versions.pin_version(session, source.dataset_id, source.version, model.id)
    return job


def _check_size_limit(
    settings: Settings, n: int, d: int, algorithm: JsonObject, k: int | None
) -> None:
    """Raise InvalidRequest or TooManyCustomers if a fit exceeds the limits."""
    if k is not None and k > settings.fit_segments:
        fault = FieldError(detail=f"k must be at most {settings.fit_segments:,}", pointer="/k")
        raise InvalidRequest("There are too many segments", errors=[fault])
    check_size_limit(settings, n, d)
    needed = _algorithms.validate_python(algorithm).memory(n, d)
    if needed > settings.fit_memory:
        raise TooManyCustomers(
            f"{algorithm['name']} needs about {needed:,} bytes for {n:,} customers, more than the "
            f"limit of {settings.fit_memory:,} for a fit; use K-Means or Ward linkage, or upload a "
            "sample of them"
        )


def _source(
    session: Session, tenant: str, name: str, number: int | None
) -> tuple[DatasetVersionRow, JsonObject]:
    dataset = datasets_repository.get_dataset(session, tenant, name)
    _, version = stored_versions.find_at(session, tenant, name, number)
    return version, _source_values(dataset.name, version)


def _source_values(name: str, version: DatasetVersionRow) -> JsonObject:
    return {
        "dataset_id": version.dataset_id,
        "dataset": name,
        "dataset_version": version.version,
        "customer_id": version.customer_id,
        "columns": version.columns,
    }


def _inherit_features(version: DatasetVersionRow, base: VersionRow) -> list[JsonObject]:
    kinds = kinds_of(version)
    require_usable([feature["name"] for feature in base.features], kinds)
    changed = [
        feature["name"] for feature in base.features if feature["kind"] != kinds[feature["name"]]
    ]
    if changed:
        faults = [
            FieldError(detail=f"{name}: the column is of kind {kinds[name]} now")
            for name in changed
        ]
        raise InvalidRequest(
            f"The columns differ from those that version {base.number} learned from", errors=faults
        )
    return base.features


def _has_distance(algorithm: JsonObject) -> bool:
    return algorithm.get("distance") is not None


def _resolve_k(spec: FitSpec, algorithm: JsonObject, base: VersionRow | None) -> JsonObject:
    """Return k as requested or inherited.

    For "auto" k is None, and `limits` are those of the recommendation.
    """
    k = spec.k or (None if _has_distance(algorithm) else _k_of(base))
    _require_one_cut(algorithm, k)
    if k != AUTO:
        faults = [
            FieldError(detail='is only allowed with k "auto"', pointer=f"/{name}")
            for name in spec.limits
        ]
        if faults:
            raise InvalidRequest(
                'Limits on the number of segments are only allowed with k "auto"', errors=faults
            )
        return {"k": k, "limits": None}
    inherited: JsonObject = (base and base.limits) or {}
    limits = RecommendationLimits(**{**inherited, **spec.limits})
    require_ordered(limits)
    return {"k": None, "limits": asdict(limits)}


def _k_of(base: VersionRow | None) -> int | str | None:
    if base is None:
        return None
    return AUTO if base.limits else base.k


def _require_one_cut(algorithm: JsonObject, k: int | str | None) -> None:
    if _has_distance(algorithm) == (k is None):
        return
    fault = (
        'k is missing; set a number, or "auto"'
        if k is None
        else "set either k or algorithm.distance, not both"
    )
    raise InvalidRequest(
        f"The number of segments is unclear: {fault}",
        errors=[FieldError(detail=fault, pointer="/k")],
    )
