"""What a worker does to fit a version: reads the dataset, learns, saves the files, says what to write down."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from models import persistence
from models.leakage import find_leaks
from models.matching import match_segments, nest_segments
from models.profiling import Profile, profile_segments
from models.scoring import Scorer
from models.segmentation import Segmentation, fit
from models.stability import doubts
from service.datasets import operations as datasets
from service.datasets.features import doubts_of
from service.datasets.rows import DatasetVersionRow
from service.errors import TableGone
from service.jobs.operations import JobResult, Progress
from service.registry import operations as registry
from service.registry import repository
from service.registry.operations import PIPELINE_FILE, TREE_FILE, SegmentLearned, VersionLearned
from service.registry.rows import ModelRow, VersionRow
from service.stores import Stores
from service.stores.artifacts import ArtifactRef
from service.stores.database import JsonObject, Session
from service.stores.scorer_cache import SCORER_FILE
from service.training.auto_k import choose_k, with_choice
from service.training.operations import read_algorithm, read_features

CHOOSING_SHARE = 0.5
FITTING_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class PreviousVersion:
    """The version whose segments the new one may continue."""

    version: VersionRow
    scorer: Scorer
    segment_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class FitInputs:
    """What a version is made of."""

    model: ModelRow
    version: VersionRow
    source: DatasetVersionRow
    base: PreviousVersion | None
    table: pd.DataFrame


Learn = Callable[[FitInputs, int | None, Progress], Segmentation]


def fit_version(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Fit the version that a job names, and save its files."""
    return run_fit(stores, payload, attempt, progress, _fit)


def run_fit(stores: Stores, payload: JsonObject, attempt: int, progress: Progress, learn: Learn) -> JobResult:
    """Make the version that a job names in some way of learning, and save its files."""
    progress("reading", 0.0)
    material = _read(stores, payload)
    model, version = material.model, material.version
    stores.artifacts.discard_before(registry.artifact_ref(model, version, attempt))
    choice = choose_k(version, material.table, partial(_within, progress, 0.0, CHOOSING_SHARE))
    k = choice.answer.k if choice else version.k
    start = CHOOSING_SHARE if choice else 0.0
    segmentation = learn(material, k, partial(_within, progress, start, FITTING_SHARE))
    progress("profiling", FITTING_SHARE)
    learned = _describe(material, segmentation)
    warnings = _warnings(material, segmentation, learned)
    progress("saving", 0.95)
    ref = registry.artifact_ref(model, version, attempt)
    artifact = _save(stores, ref, segmentation)

    def finish(session: Session) -> JsonObject:
        repository.lock_model(session, model)
        rows = repository.get_by_id(session, model.id, version.number)
        registry.change_source(session, *rows, material.source.version)
        written = _learned(attempt, segmentation, learned, artifact, warnings)
        registry.complete_version(session, *rows, with_choice(session, rows[1], written, choice))
        return {"model": model.name, "version": version.number}

    return JobResult(finish=finish, undo=partial(stores.artifacts.discard, ref))


def _read(stores: Stores, payload: JsonObject) -> FitInputs:
    """Read the dataset as planned; where an erasure took that version meanwhile, the newest one instead."""
    try:
        return _read_once(stores, payload)
    except TableGone:
        return _read_once(stores, payload)


def _read_once(stores: Stores, payload: JsonObject) -> FitInputs:
    with stores.database.reading() as session:
        model, version = repository.get_by_id(session, payload["model_id"], payload["version"])
        source = datasets.get_version_or_newest(session, version.dataset_id, version.dataset_version)
        base = _read_base(stores, session, model, version)
    table = _read_table(stores, model, version, source, base)
    return FitInputs(model=model, version=version, source=source, base=base, table=table)


def _read_base(stores: Stores, session: Session, model: ModelRow, version: VersionRow) -> PreviousVersion | None:
    base = version.base and repository.find_version(session, model, version.base)
    if not base:
        return None
    ids = [profile.segment_id for profile, _ in repository.list_profiles(session, base)]
    scorer = Scorer.from_bytes(stores.artifacts.read(registry.artifact_ref(model, base), SCORER_FILE))
    return PreviousVersion(version=base, scorer=scorer, segment_ids=ids)


def _read_table(
    stores: Stores, model: ModelRow, version: VersionRow, source: DatasetVersionRow, base: PreviousVersion | None
) -> pd.DataFrame:
    """Read the features, and what the base version needs to place the same customers."""
    wanted = {feature["name"] for feature in version.features} | set(base.scorer.feature_names if base else ())
    columns = [column["name"] for column in source.columns if column["name"] in wanted]
    path = datasets.table_path(model.tenant, version.dataset_id)
    read = stores.tables.read(path, source.table_version, columns)
    table: pd.DataFrame = read.to_pandas(split_blocks=True, self_destruct=True)  # each column once, not twice
    return table


def _fit(material: FitInputs, k: int | None, progress: Progress) -> Segmentation:
    version = material.version
    algorithm = read_algorithm(version)
    # A version that was cut at a distance holds its k as well; a retry must ask for one of them only.
    at_distance = getattr(algorithm, "distance", None) is not None
    return fit(
        material.table,
        read_features(version),
        algorithm,
        k=None if at_distance else k,
        seed=version.seed,
        progress=progress,
    )


def _within(progress: Progress, start: float, end: float, stage: str, fraction: float) -> None:
    """Tell the progress of a part as that of the whole."""
    progress(stage, start + (end - start) * fraction)


def _describe(material: FitInputs, fitted: Segmentation) -> list[SegmentLearned]:
    table, seed = material.table, material.version.seed
    profiles = profile_segments(table, fitted.features, fitted.labels, k=fitted.k, seed=seed)
    inherited = _inherited(table, fitted.labels, material.base)
    related = _related(material, fitted)
    return [
        _segment(profile, stability, inherited.get(profile.index), related.get(profile.index, {}))
        for profile, stability in zip(profiles, fitted.stability, strict=True)
    ]


def _segment(profile: Profile, stability: float | None, inherited: str | None, related: JsonObject) -> SegmentLearned:
    plain = {**asdict(profile), "stability": stability}
    index, name = plain.pop("index"), plain.pop("name")
    return SegmentLearned(index=index, name=name, profile=plain, inherited=inherited, **related)


def _related(material: FitInputs, fitted: Segmentation) -> dict[int, JsonObject]:
    """Say of another cut of a tree within which earlier segment each lies, or which it holds."""
    if material.version.cut_of is None or material.base is None:
        return {}
    ids = material.base.segment_ids
    pairs = nest_segments(material.base.scorer.segment_of_center, fitted.scorer.segment_of_center)
    if fitted.k >= len(ids):
        return {after: {"within": ids[before]} for before, after in pairs}
    held = {after: [ids[before] for before, over in pairs if over == after] for _, after in pairs}
    return {after: {"holds": found} for after, found in held.items()}


def _inherited(table: pd.DataFrame, labels: np.ndarray, base: PreviousVersion | None) -> dict[int, str]:
    """Find which segment continues which: the same customers, placed by both versions."""
    if base is None:
        return {}
    columns = {name: table[name].to_numpy() for name in base.scorer.feature_names if name in table}
    before = base.scorer.assign(columns, len(table)).index
    return {after: base.segment_ids[index] for after, index in match_segments(before, labels).items()}


def _save(stores: Stores, ref: ArtifactRef, fitted: Segmentation) -> JsonObject:
    files = {PIPELINE_FILE: persistence.dump(fitted.pipeline), SCORER_FILE: fitted.scorer.to_bytes()}
    if fitted.tree is not None:
        files[TREE_FILE] = fitted.tree.to_bytes()
    versions = persistence.library_versions()
    manifest = stores.artifacts.save(ref, files, versions)
    return {**asdict(manifest.files[PIPELINE_FILE]), "library_versions": versions}


def _warnings(material: FitInputs, fitted: Segmentation, segments: Sequence[SegmentLearned]) -> list[str]:
    """List what a reader of the version should know, and what its owner was asked about the columns."""
    names = [feature.name for feature in fitted.features]
    return [
        *fitted.warnings,
        *doubts([segment.name for segment in segments], fitted.stability),
        *doubts_of(material.source, names),
        *find_leaks(material.table, fitted.features, fitted.labels, k=fitted.k),
    ]


def _learned(
    attempt: int,
    fitted: Segmentation,
    segments: Sequence[SegmentLearned],
    artifact: JsonObject,
    warnings: Sequence[str],
) -> VersionLearned:
    return VersionLearned(
        attempt=attempt,
        k=fitted.k,
        n_customers=len(fitted.labels),
        features=[asdict(feature) for feature in fitted.features],
        preparation=fitted.preparation,
        metrics=fitted.metrics,
        warnings=warnings,
        artifact=artifact,
        segments=segments,
    )
