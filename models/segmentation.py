"""A table of customers becomes segments: the fit, and all that is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models import preparation
from models.algorithms import Algorithm, Learned
from models.errors import NothingToLearnFrom, TooFewCustomers, UnusableColumn
from models.features import Feature
from models.metrics import Clustered, measure
from models.scoring import Scorer
from models.scoring.compiling import cells_of, compile_scorer, distance_fences

Progress = Callable[[str, float], None]
Points = NDArray[np.float64]


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
    labels
        Shape (n,), the segment in which each customer of the table is placed; -1 where no feature is known.
    metrics
        How good the segments are, by metric; None where one is undefined.
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
    learned: Learned
    labels: NDArray[np.int64]
    metrics: dict[str, float | None]
    warnings: tuple[str, ...]


def ignore(stage: str, fraction: float) -> None:
    """Take note of nothing."""


def fit(  # noqa: PLR0913 - a fit has four inputs, a seed and a listener
    table: pd.DataFrame,
    features: Sequence[Feature],
    algorithm: Algorithm,
    *,
    k: int | None,
    seed: int,
    progress: Progress = ignore,
) -> Segmentation:
    """Learn segments. The same table, features, algorithm, k and seed give the same segments, bit for bit.

    Parameters
    ----------
    table
        One row per customer; numeric columns float64 with NaN, the others text, as
        `cells.category` gives it, with None or NaN.
    features
        The columns to cluster by; a feature decided by an earlier fit keeps its log and its categories.
    algorithm
        The algorithm and its parameters.
    k
        The number of segments; None where the algorithm itself decides.
    seed
        Decides all that is random.
    progress
        Told the stage that begins, "preparing", "clustering", "compiling" and "measuring", and the share that is done.

    Returns
    -------
    Segmentation
        The model in both forms, with the place and the preparation of these customers.

    Raises
    ------
    NothingToLearnFrom
        Without any feature, or without any customer.
    UnusableColumn, ValueOutOfRange
        For a column that cannot be the feature it is asked to be.
    TooFewCustomers, TooManyCustomers
        For k segments of fewer than k distinct customers, and where the algorithm would need too much memory.
    UnclearCut
        Where the algorithm needs k and there is none, or the other way round.
    """
    with threadpool_limits(limits=1):  # another number of threads gives other last bits
        progress("preparing", 0.0)
        prepared = _prepare(table, features)
        progress("clustering", 0.1)
        _check_distinct(prepared.points, k or 1)
        learned = algorithm.learn(prepared.points, k=k, seed=seed)
        progress("compiling", 0.7)
        scorer, labels = _compile(table, prepared, learned)
        progress("measuring", 0.8)
        metrics, notes = _measure(prepared, learned, labels, seed)
        progress("measuring", 1.0)
    return Segmentation(
        algorithm=algorithm,
        k=learned.k,
        seed=seed,
        features=prepared.features,
        preparation=preparation.describe(prepared.transformer, prepared.features),
        pipeline=Pipeline([("prepare", prepared.transformer), ("cluster", learned.estimator)]),
        scorer=scorer,
        learned=learned,
        labels=labels,
        metrics=metrics,
        warnings=(*prepared.warnings, *_empty_segments(labels, learned.k), *notes),
    )


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """The customers with a known feature as points, and how they became so."""

    features: tuple[Feature, ...]
    transformer: ColumnTransformer
    points: Points
    known: NDArray[np.bool_]
    warnings: tuple[str, ...]


def _prepare(table: pd.DataFrame, asked: Sequence[Feature]) -> _Prepared:
    _check_asked(table, asked)
    features = preparation.decide(table, asked)
    known = np.any([preparation.known(table, feature) for feature in features], axis=0)
    rows = table.loc[known, [feature.name for feature in features]]
    transformer = preparation.build(rows, features)
    return _Prepared(
        features=features,
        transformer=transformer,
        points=np.asarray(transformer.fit_transform(rows), dtype=np.float64),
        known=known,
        warnings=(*_unknown_categories(table, features), *_left_out(int((~known).sum()))),
    )


def _check_asked(table: pd.DataFrame, asked: Sequence[Feature]) -> None:
    if not asked or table.empty:
        raise NothingToLearnFrom
    names = [feature.name for feature in asked]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableColumn(f"'{twice[0]}' is named as a feature twice")


def _check_distinct(points: Points, k: int) -> None:
    """Count distinct points in growing samples, since k are soon found where there are many."""
    n = len(points)
    sizes = [*(size for size in (10 * k, 1000 * k) if size < n), n]
    distinct = 0
    for size in sizes:
        distinct = len(np.unique(points[:size], axis=0))
        if distinct >= k:
            return
    raise TooFewCustomers(f"{distinct:,} distinct customers cannot form {k:,} segments")


def _compile(table: pd.DataFrame, prepared: _Prepared, learned: Learned) -> tuple[Scorer, NDArray[np.int64]]:
    scorer = compile_scorer(prepared.transformer, prepared.features, learned)
    assigned = scorer.assign(cells_of(table, prepared.features), len(table))
    fences = distance_fences(assigned.distance, assigned.index, learned.k)
    return replace(scorer, fences=fences), assigned.index


def _measure(
    prepared: _Prepared, learned: Learned, labels: NDArray[np.int64], seed: int
) -> tuple[dict[str, float | None], list[str]]:
    notes: list[str] = []
    clustered = Clustered(
        points=prepared.points, labels=labels[prepared.known], learned=learned, seed=seed, warn=notes.append
    )
    return measure(clustered), notes


def _left_out(n: int) -> list[str]:
    if n == 0:
        return []
    return [f"{n:,} customers have no known feature: they were left out of the learning and belong to no segment"]


def _unknown_categories(table: pd.DataFrame, features: Sequence[Feature]) -> list[str]:
    counts = {
        feature.name: int((table[feature.name].notna() & ~preparation.known(table, feature)).sum())
        for feature in features
    }
    return [
        f"'{name}' of {n:,} customers is a category that the earlier version did not know: it pulls towards no segment"
        for name, n in counts.items()
        if n
    ]


def _empty_segments(labels: NDArray[np.int64], k: int) -> list[str]:
    empty = np.flatnonzero(np.bincount(labels[labels >= 0], minlength=k) == 0).tolist()
    return [f"nobody is in segment {index}" for index in empty]
