"""Job that fits a version.

Reads the dataset, fits, saves the files, and returns the rows to write.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from models import persistence
from models.leakage import leakage_warnings
from models.matching import match_nested_segments, match_segments
from models.profiling import Profile, profile_segments
from models.scoring import Scorer
from models.segmentation import Segmentation, fit
from models.stability import stability_warnings
from service.datasets import stored_versions
from service.datasets.features import doubts_of
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_customers import read_customers
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

CHOOSING_SHARE = 0.5  # of the progress, if the number of segments is chosen first
FITTING_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class PreviousVersion:
    """Base version, whose segment ids the new version may inherit."""

    version: VersionRow
    scorer: Scorer
    segment_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class FitInputs:
    """Inputs of a fit."""

    model: ModelRow
    version: VersionRow
    source: DatasetVersionRow
    base: PreviousVersion | None
    table: pd.DataFrame


Learn = Callable[[FitInputs, int | None, Progress], Segmentation]


def fit_version(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Run the fit job: fit a version, and save its files."""
    return run_fit(stores, payload, attempt, progress, _fit)


def run_fit(
    stores: Stores, payload: JsonObject, attempt: int, progress: Progress, learn: Learn
) -> JobResult:
    """Build the version of a job by `learn`, and save its files."""
    progress("reading", 0.0)
    inputs = _read(stores, payload)
    model, version = inputs.model, inputs.version
    stores.artifacts.discard_before(registry.artifact_ref(model, version, attempt))
    choice = choose_k(
        version,
        inputs.table,
        _column_warnings(inputs),
        partial(_scale_progress, progress, 0.0, CHOOSING_SHARE),
    )
    k = choice.answer.k if choice else version.k
    start = CHOOSING_SHARE if choice else 0.0
    segmentation = learn(inputs, k, partial(_scale_progress, progress, start, FITTING_SHARE))
    progress("profiling", FITTING_SHARE)
    segments = _describe_segments(inputs, segmentation)
    warnings = _warnings(inputs, segmentation, segments)
    progress("saving", 0.95)
    ref = registry.artifact_ref(model, version, attempt)
    artifact = _save(stores, ref, segmentation)

    def finish(session: Session) -> JsonObject:
        repository.lock_model(session, model)
        rows = repository.get_by_id(session, model.id, version.number)
        registry.change_source(session, *rows, inputs.source.version)
        result = VersionLearned(
            attempt=attempt,
            k=segmentation.k,
            n_customers=len(segmentation.labels),
            features=[asdict(feature) for feature in segmentation.features],
            preparation=segmentation.preparation,
            metrics=segmentation.metrics,
            warnings=warnings,
            artifact=artifact,
            segments=segments,
        )
        registry.complete_version(session, *rows, with_choice(session, rows[1], result, choice))
        return {"model": model.name, "version": version.number}

    return JobResult(finish=finish, undo=partial(stores.artifacts.discard, ref))


def _read(stores: Stores, payload: JsonObject) -> FitInputs:
    """Read the planned dataset version, or the newest one if an erasure has deleted it."""
    return stored_versions.retry_while_erased(partial(_read_once, stores, payload))


def _read_once(stores: Stores, payload: JsonObject) -> FitInputs:
    with stores.database.reading() as session:
        model, version = repository.get_by_id(session, payload["model_id"], payload["version"])
        source = stored_versions.get_version_or_newest(
            session, version.dataset_id, version.dataset_version
        )
        base = _read_base(stores, session, model, version)
    # The base assigns the same customers, to match the new segments to its own.
    names = {feature["name"] for feature in version.features}
    names.update(base.scorer.feature_names if base else ())
    columns = [column["name"] for column in source.columns if column["name"] in names]
    arrow = read_customers(stores, model.tenant, source, columns)
    # Avoids a second copy of each column.
    table: pd.DataFrame = arrow.to_pandas(split_blocks=True, self_destruct=True)
    return FitInputs(model=model, version=version, source=source, base=base, table=table)


def _read_base(
    stores: Stores, session: Session, model: ModelRow, version: VersionRow
) -> PreviousVersion | None:
    base = version.base and repository.find_version(session, model, version.base)
    if not base:
        return None
    ids = [profile.segment_id for profile, _ in repository.list_profiles(session, base)]
    scorer = Scorer.from_bytes(
        stores.artifacts.read(registry.artifact_ref(model, base), SCORER_FILE)
    )
    return PreviousVersion(version=base, scorer=scorer, segment_ids=ids)


def _fit(inputs: FitInputs, k: int | None, progress: Progress) -> Segmentation:
    version = inputs.version
    algorithm = read_algorithm(version)
    # A version that was cut at a distance has its resulting k, too; a retry must pass only one of
    # them.
    at_distance = getattr(algorithm, "distance", None) is not None
    return fit(
        inputs.table,
        read_features(version),
        algorithm,
        k=None if at_distance else k,
        seed=version.seed,
        progress=progress,
    )


def _scale_progress(
    progress: Progress, start: float, end: float, stage: str, fraction: float
) -> None:
    progress(stage, start + (end - start) * fraction)


def _describe_segments(inputs: FitInputs, fitted: Segmentation) -> list[SegmentLearned]:
    table, seed = inputs.table, inputs.version.seed
    profiles = profile_segments(table, fitted.features, fitted.labels, k=fitted.k, seed=seed)
    inherited = _match_base_segments(table, fitted.labels, inputs.base)
    nesting = _match_nested_base(inputs, fitted)
    return [
        _segment(profile, stability, inherited.get(profile.index), nesting.get(profile.index, {}))
        for profile, stability in zip(profiles, fitted.stability, strict=True)
    ]


def _segment(
    profile: Profile, stability: float | None, inherited: str | None, nesting: JsonObject
) -> SegmentLearned:
    stored = {**asdict(profile), "stability": stability}
    index, name = stored.pop("index"), stored.pop("name")
    return SegmentLearned(index=index, name=name, profile=stored, inherited=inherited, **nesting)


def _match_nested_base(inputs: FitInputs, fitted: Segmentation) -> dict[int, JsonObject]:
    """Relate the segments of another cut of the base's tree to the base segments by containment."""
    if inputs.version.cut_of is None or inputs.base is None:
        return {}
    ids = inputs.base.segment_ids
    pairs = match_nested_segments(
        inputs.base.scorer.segment_of_center, fitted.scorer.segment_of_center
    )
    if fitted.k >= len(ids):
        return {after: {"within": ids[before]} for before, after in pairs}
    contained = {
        after: [ids[before] for before, other in pairs if other == after] for _, after in pairs
    }
    return {after: {"holds": segments} for after, segments in contained.items()}


def _match_base_segments(
    table: pd.DataFrame, labels: np.ndarray, base: PreviousVersion | None
) -> dict[int, str]:
    """Match segments with those of the base version by assigning the same customers to both."""
    if base is None:
        return {}
    columns = {name: table[name].to_numpy() for name in base.scorer.feature_names if name in table}
    before = base.scorer.assign(columns, len(table)).index
    return {
        after: base.segment_ids[index] for after, index in match_segments(before, labels).items()
    }


def _save(stores: Stores, ref: ArtifactRef, fitted: Segmentation) -> JsonObject:
    files = {
        PIPELINE_FILE: persistence.dump(fitted.pipeline),
        SCORER_FILE: fitted.scorer.to_bytes(),
    }
    if fitted.tree is not None:
        files[TREE_FILE] = fitted.tree.to_bytes()
    versions = persistence.library_versions()
    manifest = stores.artifacts.save(ref, files, versions)
    return {**asdict(manifest.files[PIPELINE_FILE]), "library_versions": versions}


def _warnings(
    inputs: FitInputs, fitted: Segmentation, segments: Sequence[SegmentLearned]
) -> list[str]:
    """List the warnings of a fit.

    Of the segmentation, unstable segments, doubtful columns, and leaks.
    """
    return [
        *fitted.warnings,
        *stability_warnings([segment.name for segment in segments], fitted.stability),
        *_column_warnings(inputs),
        *leakage_warnings(inputs.table, fitted.features, fitted.labels, k=fitted.k),
    ]


def _column_warnings(inputs: FitInputs) -> list[str]:
    names = [feature["name"] for feature in inputs.version.features]
    return doubts_of(inputs.source, names)
