"""Job that builds a version from another cut of an existing version's tree."""

from functools import partial

from models import persistence
from models.algorithms import Hierarchical
from models.segmentation import Segmentation, cut
from service.errors import Conflict, NoTree
from service.jobs.operations import JobResult, Progress
from service.registry import operations as registry
from service.registry.operations import PIPELINE_FILE
from service.stores import Stores
from service.stores.database import JsonObject
from service.training.fit_job import FitInputs, run_fit
from service.training.operations import read_algorithm, read_features


def cut_version(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Build a version by cutting its base's tree, and save its files."""
    return run_fit(stores, payload, attempt, progress, partial(_cut, stores))


def _cut(stores: Stores, inputs: FitInputs, k: int | None, progress: Progress) -> Segmentation:
    base, algorithm = inputs.base, read_algorithm(inputs.version)
    if base is None:
        raise Conflict(f"Version {inputs.version.cut_of}, whose tree was to be cut, was deleted")
    if not isinstance(algorithm, Hierarchical):
        raise NoTree
    ref = registry.artifact_ref(inputs.model, base.version)
    written_by = (base.version.artifact or {})["library_versions"]
    return cut(
        inputs.table,
        read_features(inputs.version),
        algorithm,
        pipeline=persistence.load(stores.artifacts.read(ref, PIPELINE_FILE), written_by),
        tree=registry.read_tree(stores, inputs.model, base.version),
        k=k or 1,
        seed=inputs.version.seed,
        progress=progress,
    )
