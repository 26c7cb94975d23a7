"""Segmentation of a table of customers: fit, or cut the tree of an earlier fit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models.algorithms import Algorithm, Hierarchical
from models.errors import TooFewCustomers
from models.features import Feature
from models.segmentation.prepared import Points, prepare
from models.segmentation.result import Progress, Segmentation, finalize, ignore
from models.tree import Tree

__all__ = ["Segmentation", "cut", "fit"]


def fit(  # noqa: PLR0913 - four inputs, a seed and a callback
    table: pd.DataFrame,
    features: Sequence[Feature],
    algorithm: Algorithm,
    *,
    k: int | None,
    seed: int,
    progress: Progress = ignore,
) -> Segmentation:
    """Fit segments.

    The same table, features, algorithm, k and seed return the same segments, bit for bit.

    Parameters
    ----------
    table
        One row per customer; numeric columns are float64 with NaN, others are text as returned by
        `cells.category`, with None or NaN.
    features
        The columns to cluster by; features of an earlier fit keep their log transform and their
        categories.
    algorithm
        The algorithm and its parameters.
    k
        The number of segments; None if the parameters of the algorithm determine it.
    seed
        Seed of all random numbers.
    progress
        Called with each stage that begins ("preparing", "clustering", "compiling", "measuring",
        "replicating"), and the share of the work done.

    Returns
    -------
    Segmentation
        The pipeline and the compiled scorer, with the labels of these customers.

    Raises
    ------
    NothingToLearnFrom
        If there are no features or no customers.
    UnusableColumn, ValueOutOfRange
        If a column cannot be used as the requested feature.
    TooFewCustomers, TooManyCustomers
        If there are fewer than k distinct customers, or the algorithm would need too much memory.
    UnclearCut
        If the algorithm requires k and it is None, or the other way round.
    """
    with threadpool_limits(limits=1):  # the last bits depend on the number of threads
        progress("preparing", 0.0)
        prepared = prepare(table, features)
        progress("clustering", 0.1)
        _check_distinct(prepared.points, k or 1)
        learned = algorithm.learn(prepared.points, k=k, seed=seed)
        return finalize(table, prepared, algorithm, learned, seed=seed, progress=progress)


def cut(  # noqa: PLR0913 - five inputs, a seed and a callback
    table: pd.DataFrame,
    features: Sequence[Feature],
    algorithm: Hierarchical,
    *,
    pipeline: Pipeline,
    tree: Tree,
    k: int,
    seed: int,
    progress: Progress = ignore,
) -> Segmentation:
    """Cut the tree of an earlier fit into another number of segments, without building a tree.

    The preparation and the fine centers are reused, so each segment of the finer cut lies in one of
    the coarser cut.

    Parameters
    ----------
    table
        The customers of the earlier fit, as for `fit`; some of them may have been deleted.
    features, pipeline, tree
        Those of the earlier fit.
    algorithm
        The algorithm and its parameters.
    k
        The number of segments.
    seed
        Seed of all random numbers.
    progress
        Called with each stage that begins ("preparing", "compiling", "measuring", "replicating"),
        and the share of the work done.

    Returns
    -------
    Segmentation
        As returned by `fit`.

    Raises
    ------
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        If the table no longer has the features.
    CutTooFine
        If k exceeds the number of fine groups of the tree.
    """
    with threadpool_limits(limits=1):
        progress("preparing", 0.0)
        prepared = prepare(table, features, pipeline["prepare"])
        learned = algorithm.cut(tree, k)
        return finalize(
            table, prepared, algorithm, learned, earlier=tree, seed=seed, progress=progress
        )


def _check_distinct(points: Points, k: int) -> None:
    """Raise TooFewCustomers below k distinct points.

    Count them in growing samples, as the first usually suffices.
    """
    n = len(points)
    sizes = [*(size for size in (10 * k, 1000 * k) if size < n), n]
    distinct = 0
    for size in sizes:
        distinct = len(np.unique(points[:size], axis=0))
        if distinct >= k:
            return
    raise TooFewCustomers(f"{distinct:,} distinct customers cannot form {k:,} segments")
