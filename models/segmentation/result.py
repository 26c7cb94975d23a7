"""The result of a fit or a cut: compile the scorer, assign the customers, compute the metrics."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from models import preparation
from models.algorithms import Algorithm, ClusteringResult
from models.features import Feature
from models.kernels.nearest_center import Centers
from models.metrics import MetricInput, measure
from models.replication import chance, few_customers, replication
from models.scoring import Scorer
from models.scoring.compiler import compile_scorer, outlier_thresholds
from models.segmentation.assign import assign_table
from models.segmentation.prepared import PreparedTable
from models.stability import segment_stability
from models.tree import Tree, agreements

Progress = Callable[[str, float], None]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """A fitted segmentation.

    Attributes
    ----------
    algorithm
        The algorithm and its parameters.
    k
        The number of segments.
    seed
        The seed of the fit.
    features
        The features with their fitted log transform and categories, which later versions inherit.
    preparation
        The fitted preparation of each feature, as JSON values.
    pipeline
        The model as a scikit-learn pipeline, which predicts segments from a table.
    scorer
        The same model compiled for serving.
    learned
        The clustering: centers, and the tree if there is one.
    tree
        The tree to cut again; None for an algorithm without a tree.
    labels
        Shape (n,), the segment of each customer of the table; -1 without any known feature.
    metrics
        Quality metrics by name; None if a metric is undefined.
    stability
        The bootstrap stability of each segment, from 0 to 1; None if it is undefined.
    warnings
        Warnings as sentences.
    """

    algorithm: Algorithm
    k: int
    seed: int
    features: tuple[Feature, ...]
    preparation: list[dict[str, Any]]
    pipeline: Pipeline
    scorer: Scorer
    learned: ClusteringResult
    tree: Tree | None
    labels: Labels
    metrics: dict[str, float | None]
    stability: tuple[float | None, ...]
    warnings: tuple[str, ...]


def ignore(stage: str, fraction: float) -> None:
    """Ignore progress."""


def finalize(  # noqa: PLR0913 - the inputs of a fit and its results
    table: pd.DataFrame,
    prepared: PreparedTable,
    algorithm: Algorithm,
    learned: ClusteringResult,
    *,
    earlier: Tree | None = None,
    seed: int,
    progress: Progress,
) -> Segmentation:
    """Build the segmentation from a clustering, or from a cut of an earlier tree."""
    progress("compiling", 0.7)
    scorer, nearest, labels = _compile(table, prepared, learned)
    tree = _tree(learned, nearest[prepared.known], earlier)
    del nearest
    progress("measuring", 0.75)
    metrics, notes = _measure(prepared, learned, labels, seed)
    if tree is not None:
        metrics["assignment_agreement"] = float(tree.agreements[learned.k - 1])
    progress("replicating", 0.85)
    points = prepared.points
    metrics["replication"] = replication(points, algorithm, k=learned.k, seed=seed)
    stability = segment_stability(points, labels[prepared.known], algorithm, k=learned.k, seed=seed)
    progress("replicating", 1.0)
    empty = np.flatnonzero(np.bincount(labels[labels >= 0], minlength=learned.k) == 0)
    return Segmentation(
        algorithm=algorithm,
        k=learned.k,
        seed=seed,
        features=prepared.features,
        preparation=preparation.describe(prepared.transformer, prepared.features),
        pipeline=Pipeline([("prepare", prepared.transformer), ("cluster", learned.estimator)]),
        scorer=scorer,
        learned=learned,
        tree=tree,
        labels=labels,
        metrics=metrics,
        stability=tuple(stability),
        warnings=(
            *prepared.warnings,
            *few_customers(len(points), len(prepared.features), learned.k),
            *chance(metrics["replication"]),
            *(f"segment {index} is empty" for index in empty),
            *learned.notes,
            *notes,
        ),
    )


def _compile(
    table: pd.DataFrame, prepared: PreparedTable, learned: ClusteringResult
) -> tuple[Scorer, Centers, Labels]:
    """Compile the scorer; return it with each customer's center and segment (-1: none)."""
    scorer = compile_scorer(prepared.transformer, prepared.features, learned)
    assigned = assign_table(scorer, table)
    labels = np.where(assigned.center >= 0, learned.segment_of_center[assigned.center], -1)
    return (
        replace(scorer, fences=outlier_thresholds(assigned.distance, labels, learned.k)),
        assigned.center,
        labels,
    )


def _tree(learned: ClusteringResult, nearest: Centers, earlier: Tree | None) -> Tree | None:
    """Build the tree with the sizes of its groups.

    Agreements are known only when it is built, so a cut reuses them.
    """
    sizes = np.bincount(nearest, minlength=len(learned.centers))
    if earlier is not None:
        return replace(earlier, sizes=sizes)
    if learned.merges is None or learned.groups is None:
        return None
    return Tree(
        merges=learned.merges,
        centers=learned.centers,
        sizes=sizes,
        agreements=agreements(learned.merges, learned.groups, nearest),
        floor=learned.floor,
    )


def _measure(
    prepared: PreparedTable, learned: ClusteringResult, labels: Labels, seed: int
) -> tuple[dict[str, float | None], list[str]]:
    notes: list[str] = []
    clustered = MetricInput(
        points=prepared.points,
        labels=labels[prepared.known],
        learned=learned,
        seed=seed,
        warn=notes.append,
    )
    return measure(clustered), notes
