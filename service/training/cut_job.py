"""What a worker does to cut a version's tree anew: no tree is grown, all else is made as by a fit."""

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
from service.training.fit_job import FitInputs, PreviousVersion, run_fit
from service.training.operations import read_algorithm, read_features


def cut_version(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> JobResult:
    """Make the version that a job names by another cut of its base's tree, and save its files."""
    return run_fit(stores, payload, attempt, progress, partial(_cut, stores))


def _cut(stores: Stores, material: FitInputs, k: int | None, progress: Progress) -> Segmentation:
    base, algorithm = _base(material), read_algorithm(material.version)
    if not isinstance(algorithm, Hierarchical):
        raise NoTree
    ref = registry.artifact_ref(material.model, base.version)
    written_by = (base.version.artifact or {})["library_versions"]
    return cut(
        material.table,
        read_features(material.version),
        algorithm,
        pipeline=persistence.load(stores.artifacts.read(ref, PIPELINE_FILE), written_by),
        tree=registry.read_tree(stores, material.model, base.version),
        k=k or 1,
        seed=material.version.seed,
        progress=progress,
    )


def _base(material: FitInputs) -> PreviousVersion:
    if material.base is None:
        raise Conflict(f"Version {material.version.cut_of}, whose tree was to be cut, was deleted")
    return material.base
