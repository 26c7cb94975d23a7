"""A table of customers becomes segments: the fit, another cut of it, and all that is kept."""

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
        Told the stage that begins, "preparing", "clustering", "compiling", "measuring" and "replicating", and the
        share that is done.

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
        prepared = prepare(table, features)
        progress("clustering", 0.1)
        _check_distinct(prepared.points, k or 1)
        learned = algorithm.learn(prepared.points, k=k, seed=seed)
        return finalize(table, prepared, algorithm, learned, seed=seed, progress=progress)


def cut(  # noqa: PLR0913 - a cut has five inputs, a seed and a listener
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
    """Cut a tree that an earlier fit has grown into another number of segments; no tree is grown.

    The preparation and the fine centers stay, so each segment of the finer cut lies within one of the coarser.

    Parameters
    ----------
    table
        The customers, as for `fit`: those that the tree was grown from, or those that are left of them.
    features, pipeline, tree
        As the earlier fit has decided, fitted and grown them.
    algorithm
        The algorithm and its parameters.
    k
        The number of segments.
    seed
        Decides all that is random.
    progress
        Told the stage that begins, "preparing", "compiling", "measuring" and "replicating", and the share that is
        done.

    Returns
    -------
    Segmentation
        As a fit gives it.

    Raises
    ------
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        For a table that does not have the features any more.
    CutTooFine
        For more segments than the tree has fine groups.
    """
    with threadpool_limits(limits=1):
        progress("preparing", 0.0)
        prepared = prepare(table, features, pipeline["prepare"])
        learned = algorithm.cut(tree, k)
        return finalize(table, prepared, algorithm, learned, earlier=tree, seed=seed, progress=progress)


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
