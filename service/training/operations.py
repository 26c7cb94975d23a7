"""Plans a fit: what it will learn from and how, written down as a version and its job."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from models.algorithms import Algorithm, KMeans
from models.errors import TooManyCustomers, UnclearCut
from models.features import Feature
from service.config import Settings
from service.datasets import operations as datasets
from service.datasets import repository as datasets_repository
from service.datasets.features import check_size_limit, choose_features, kinds_of, require_usable
from service.datasets.rows import DatasetVersionRow
from service.errors import AlreadyExists, Conflict, FieldError, InvalidRequest
from service.jobs import operations as jobs
from service.jobs.operations import Plan
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
    """What a fit is asked for; None is left to the version that it follows, or to the default."""

    dataset: str | None
    dataset_version: int | None
    algorithm: Algorithm | None
    k: int | Literal["auto"] | None
    limits: JsonObject
    features: Sequence[JsonObject] | None
    seed: int | None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Where a tree is cut: into k segments, or at a distance."""

    k: int | None
    distance: float | None


def plan_model(session: Session, tenant: str, name: str, asked: FitSpec, settings: Settings) -> Plan:
    """Check a new model; returns what writes it down with its version 1 and the job that fits it.

    A name whose every fit has failed is not taken: it goes on with its next version.
    """
    version, source = _source(session, tenant, asked.dataset or name, asked.dataset_version)
    algorithm = asdict(asked.algorithm or KMeans())
    chosen = _resolve_k(asked, algorithm, None)
    features = choose_features(version, asked.features, settings)
    _check_size_limit(settings, version.n_customers, len(features), algorithm, chosen["k"])
    settled = {"algorithm": algorithm, **chosen, "seed": asked.seed or 0, "features": features}
    return lambda writing: _write_down(writing, _new_model(writing, tenant, name), {**source, **settled})


def plan_version(session: Session, tenant: str, name: str, asked: FitSpec, settings: Settings) -> Plan:
    """Check a model's next version; returns what writes it down with the job that fits it.

    What is not asked is as in its base version.
    """
    model = registry_repository.get_model(session, tenant, name)
    base = registry.base_version(session, model)
    if base is None:
        raise Conflict(f"The model {name} has no version to follow yet: its first fit is not finished, or failed")
    version, source = _source(session, tenant, asked.dataset or base.dataset, asked.dataset_version)
    algorithm = asdict(asked.algorithm) if asked.algorithm else base.algorithm
    chosen = _resolve_k(asked, algorithm, base)
    features = _inherit(version, base) if asked.features is None else choose_features(version, asked.features, settings)
    _check_size_limit(settings, version.n_customers, len(features), algorithm, chosen["k"])
    settled = {
        "algorithm": algorithm,
        **chosen,
        "seed": base.seed if asked.seed is None else asked.seed,
        "features": features,
    }
    planned = {"base": base.number, **source, **settled}
    return lambda writing: _write_down(writing, model, planned)


def plan_cut(
    session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow], cut: Cut, settings: Settings
) -> Plan:
    """Check another cut of a version's tree; returns what writes it down with the job that makes it."""
    if (cut.k is None) == (cut.distance is None):
        raise UnclearCut
    model, base = ready
    source = datasets.get_version_or_newest(session, base.dataset_id, base.dataset_version)
    check_size_limit(settings, source.n_customers, len(base.features))
    tree = registry.read_tree(stores, model, base)
    k = cut.k or tree.count(cut.distance or 0.0)
    tree.cut(k)  # refuses what it cannot be cut into
    asked = {
        "base": base.number,
        "cut_of": base.number,
        **_describe_plan(base.dataset, source),
        "algorithm": {**base.algorithm, "distance": cut.distance},
        "k": k,
        "seed": base.seed,
        "features": base.features,
    }
    return lambda writing: _write_down(writing, model, asked, kind=CUT)


def read_algorithm(version: VersionRow) -> Algorithm:
    """Read the algorithm that a version was asked for."""
    return _algorithms.validate_python(version.algorithm)


def read_features(version: VersionRow) -> list[Feature]:
    """Read the features that a version was asked for, or has decided on."""
    return _features.validate_python(version.features)


def _new_model(session: Session, tenant: str, name: str) -> ModelRow:
    model = registry_repository.find_model(session, tenant, name)
    if model is not None and registry_repository.has_usable_version(session, model):
        raise AlreadyExists(f"There is a model called {name} already")
    return model or registry_repository.add_model(session, tenant, name)


def _write_down(session: Session, model: ModelRow, asked: dict[str, Any], *, kind: str = FIT) -> JobRow:
    datasets.get_version_by_id(session, asked["dataset_id"], asked["dataset_version"])  # it may have gone meanwhile
    number = registry.next_number(session, model)
    payload = {"model_id": model.id, "version": number, "algorithm": asked["algorithm"]["name"]}
    job = jobs.create_job(session, model.tenant, kind, payload)
    session.add(VersionRow(model_id=model.id, number=number, job_id=job.id, created_at=now(), **asked))
    datasets.pin_version(session, asked["dataset_id"], asked["dataset_version"], model.id)
    return job


def _check_size_limit(settings: Settings, n: int, d: int, algorithm: JsonObject, k: int | None) -> None:
    """Refuse a fit that would take too much, before there is a job for it."""
    if k is not None and k > settings.fit_segments:
        fault = FieldError(detail=f"at most {settings.fit_segments:,} segments can be asked for", pointer="/k")
        raise InvalidRequest("There are too many segments", errors=[fault])
    check_size_limit(settings, n, d)
    needed = _algorithms.validate_python(algorithm).memory(n, d)
    if needed > settings.fit_memory:
        raise TooManyCustomers(
            f"{algorithm['name']} needs about {needed:,} bytes for {n:,} customers, more than the "
            f"{settings.fit_memory:,} that a fit may take; use K-Means or Ward linkage, or put a sample of them"
        )


def _source(session: Session, tenant: str, name: str, number: int | None) -> tuple[DatasetVersionRow, JsonObject]:
    dataset = datasets_repository.get_dataset(session, tenant, name)
    version = datasets_repository.get_version(session, dataset, number or dataset.version)
    return version, _describe_plan(dataset.name, version)


def _describe_plan(name: str, version: DatasetVersionRow) -> JsonObject:
    return {
        "dataset_id": version.dataset_id,
        "dataset": name,
        "dataset_version": version.version,
        "customer_id": version.customer_id,
        "columns": version.columns,
    }


def _inherit(version: DatasetVersionRow, base: VersionRow) -> list[JsonObject]:
    kinds = kinds_of(version)
    require_usable([feature["name"] for feature in base.features], kinds)
    changed = [feature["name"] for feature in base.features if feature["kind"] != kinds[feature["name"]]]
    if changed:
        faults = [FieldError(detail=f"{name}: the column is taken for {kinds[name]} now") for name in changed]
        raise InvalidRequest(f"The columns are not those that version {base.number} learned from", errors=faults)
    return base.features


def _has_distance(algorithm: JsonObject) -> bool:
    return algorithm.get("distance") is not None


def _resolve_k(asked: FitSpec, algorithm: JsonObject, base: VersionRow | None) -> JsonObject:
    """Settle the number of segments: as asked, else as in the base version; `limits` says that the fit chooses it."""
    k = asked.k or (None if _has_distance(algorithm) else _k_of(base))
    _require_one_cut(algorithm, k)
    if k != AUTO:
        _require_no_limits(asked.limits)
        return {"k": k, "limits": None}
    limits = RecommendationLimits(**{**_limits_of(base), **asked.limits})
    require_ordered(limits)
    return {"k": None, "limits": asdict(limits)}


def _limits_of(base: VersionRow | None) -> JsonObject:
    return (base and base.limits) or {}


def _k_of(base: VersionRow | None) -> int | str | None:
    if base is None:
        return None
    return AUTO if base.limits else base.k


def _require_one_cut(algorithm: JsonObject, k: int | str | None) -> None:
    if _has_distance(algorithm) == (k is None):
        return
    fault = 'k is missing: give a number, or "auto"' if k is None else "give either k or algorithm.distance, not both"
    raise InvalidRequest(f"The number of segments is unclear: {fault}", errors=[FieldError(detail=fault, pointer="/k")])


def _require_no_limits(limits: JsonObject) -> None:
    faults = [FieldError(detail='a limit goes with k "auto" only', pointer=f"/{name}") for name in limits]
    if faults:
        raise InvalidRequest("There is nothing to limit: the number of segments is given", errors=faults)
