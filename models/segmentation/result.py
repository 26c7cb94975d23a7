"""What was learned becomes a segmentation: compiled, placed and measured."""

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
from models.scoring.compiler import compile_scorer, distance_fences
from models.segmentation.assign import assign_table
from models.segmentation.prepared import PreparedTable
from models.stability import segment_stability
from models.tree import Tree, agreements

Progress = Callable[[str, float], None]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Fitted segments.

    Attributes
    ----------
    algorithm
        As asked.
    k
        The number of segments.
    seed
        As asked.
    features
        As decided: what a later version inherits.
    preparation
        What was learned about each feature, for people and for JSON.
    pipeline
        The model in scikit-learn's and numpy's own objects: it predicts segments from a table.
    scorer
        The same model compiled for serving.
    learned
        What the algorithm learned: centers, and the tree where there is one.
    tree
        What another cut needs; None for an algorithm without a tree.
    labels
        Shape (n,), the segment in which each customer of the table is placed; -1 where no feature is known.
    metrics
        How good the segments are, by metric; None where one is undefined.
    stability
        By segment how well it comes back when the customers are drawn again, from 0 to 1; None where that is undefined.
    warnings
        Sentences on what a reader should know.
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
    """Take note of nothing."""


def finalize(  # noqa: PLR0913 - what was asked, prepared and learned
    table: pd.DataFrame,
    prepared: PreparedTable,
    algorithm: Algorithm,
    learned: ClusteringResult,
    *,
    earlier: Tree | None = None,
    seed: int,
    progress: Progress,
) -> Segmentation:
    """Compile and measure what was learned, or what was cut from an earlier tree."""
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
            *_empty_segments(labels, learned.k),
            *learned.notes,
            *notes,
        ),
    )


def _compile(table: pd.DataFrame, prepared: PreparedTable, learned: ClusteringResult) -> tuple[Scorer, Centers, Labels]:
    """Compile the scorer, and find the center and the segment of each customer; -1 where no feature is known."""
    scorer = compile_scorer(prepared.transformer, prepared.features, learned)
    placed = assign_table(scorer, table)
    labels = np.where(placed.center >= 0, learned.segment_of_center[placed.center], -1)
    return replace(scorer, fences=distance_fences(placed.distance, labels, learned.k)), placed.center, labels


def _tree(learned: ClusteringResult, nearest: Centers, earlier: Tree | None) -> Tree | None:
    """Keep the tree with the customers as they are placed; how tree and assign agree is known when it is grown."""
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
        points=prepared.points, labels=labels[prepared.known], learned=learned, seed=seed, warn=notes.append
    )
    return measure(clustered), notes


def _empty_segments(labels: Labels, k: int) -> list[str]:
    empty = np.flatnonzero(np.bincount(labels[labels >= 0], minlength=k) == 0).tolist()
    return [f"nobody is in segment {index}" for index in empty]
