"""What a worker does to fit a version: reads the dataset, learns, saves the files, says what to write down."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from models import persistence
from models.matching import match_segments
from models.profiling import Profile, profile_segments
from models.scoring import Scorer
from models.segmentation import Segmentation, fit
from service.datasets import operations as datasets
from service.registry import operations as registry
from service.registry import repository
from service.registry.operations import PIPELINE_FILE, SCORER_FILE, SegmentLearned, VersionLearned
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.artifacts import ArtifactRef
from service.stores.database import JsonObject, Session
from service.training.operations import read_algorithm, read_features

Progress = Callable[[str, float], None]


FITTING_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt has done: `finish` writes it down in the job's last transaction, `undo` takes it back."""

    finish: Callable[[Session], JsonObject]
    undo: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class _Base:
    """The version whose segments the new one may continue."""

    scorer: Scorer
    segment_ids: Sequence[str]


def fit_version(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> Outcome:
    """Fit the version that a job names, and save its files."""
    progress("reading", 0.0)
    with stores.database.reading() as session:
        model, version = repository.get_by_id(session, payload["model_id"], payload["version"])
        table_version = datasets.get_table_version(session, version.dataset_id, version.dataset_version)
        base = _read_base(stores, session, model, version)
    table = _read_table(stores, model, version, table_version)
    stores.artifacts.discard_version(registry.artifact_ref(model, version))
    segmentation = _fit(table, version, progress)
    progress("profiling", FITTING_SHARE)
    learned = _describe(table, segmentation, base, version.seed)
    progress("saving", 0.95)
    ref = registry.artifact_ref(model, version, attempt)
    artifact = _save(stores, ref, segmentation)

    def finish(session: Session) -> JsonObject:
        repository.lock_model(session, model)
        rows = repository.get_by_id(session, model.id, version.number)
        registry.complete_version(session, *rows, _learned(attempt, segmentation, learned, artifact))
        return {"model": model.name, "version": version.number}

    return Outcome(finish=finish, undo=partial(stores.artifacts.discard, ref))


def _read_base(stores: Stores, session: Session, model: ModelRow, version: VersionRow) -> _Base | None:
    base = version.base and repository.find_version(session, model, version.base)
    if not base:
        return None
    ids = [profile.segment_id for profile, _ in repository.list_profiles(session, base)]
    scorer = Scorer.from_bytes(stores.artifacts.read(registry.artifact_ref(model, base), SCORER_FILE))
    return _Base(scorer=scorer, segment_ids=ids)


def _read_table(stores: Stores, model: ModelRow, version: VersionRow, table_version: int) -> pd.DataFrame:
    path = datasets.table_path(model.tenant, version.dataset_id)
    columns = [feature["name"] for feature in version.features]
    table: pd.DataFrame = stores.tables.read(path, table_version, columns).to_pandas()
    return table


def _fit(table: pd.DataFrame, version: VersionRow, progress: Progress) -> Segmentation:
    algorithm = read_algorithm(version)
    # A version that was cut at a distance holds its k as well; a retry must ask for one of them only.
    k = None if getattr(algorithm, "distance", None) is not None else version.k
    return fit(
        table,
        read_features(version),
        algorithm,
        k=k,
        seed=version.seed,
        progress=lambda stage, fraction: progress(stage, FITTING_SHARE * fraction),
    )


def _describe(table: pd.DataFrame, fitted: Segmentation, base: _Base | None, seed: int) -> list[SegmentLearned]:
    profiles = profile_segments(table, fitted.features, fitted.labels, k=fitted.k, seed=seed)
    inherited = _inherited(table, fitted.labels, base)
    return [_segment(profile, inherited.get(profile.index)) for profile in profiles]


def _segment(profile: Profile, inherited: str | None) -> SegmentLearned:
    plain = asdict(profile)
    index, name = plain.pop("index"), plain.pop("name")
    return SegmentLearned(index=index, name=name, profile=plain, inherited=inherited)


def _inherited(table: pd.DataFrame, labels: np.ndarray, base: _Base | None) -> dict[int, str]:
    """Find which segment continues which: the same customers, placed by both versions."""
    if base is None:
        return {}
    columns = {name: table[name].to_numpy() for name in base.scorer.feature_names if name in table}
    before = base.scorer.assign(columns, len(table)).index
    return {after: base.segment_ids[index] for after, index in match_segments(before, labels).items()}


def _save(stores: Stores, ref: ArtifactRef, fitted: Segmentation) -> JsonObject:
    files = {PIPELINE_FILE: persistence.dump(fitted.pipeline), SCORER_FILE: fitted.scorer.to_bytes()}
    versions = persistence.library_versions()
    manifest = stores.artifacts.save(ref, files, versions)
    return {**asdict(manifest.files[PIPELINE_FILE]), "library_versions": versions}


def _learned(
    attempt: int, fitted: Segmentation, segments: Sequence[SegmentLearned], artifact: JsonObject
) -> VersionLearned:
    return VersionLearned(
        attempt=attempt,
        k=fitted.k,
        n_customers=len(fitted.labels),
        features=[asdict(feature) for feature in fitted.features],
        preparation=fitted.preparation,
        metrics=fitted.metrics,
        warnings=fitted.warnings,
        artifact=artifact,
        segments=segments,
    )
