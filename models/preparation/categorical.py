"""Categorical features: centered one-hot columns, scaled to a total variance of one half."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from models.errors import UnusableColumn
from models.features import MAX_CATEGORIES, Feature
from models.preparation.fitted import FittedSteps

BLOCK_VARIANCE: Final = 0.5
MAX_RARE_SHARE: Final = 0.05  # of the known cells

Floats = NDArray[np.float64]


def decide(column: pd.Series, feature: Feature) -> Feature:
    """Resolve the categories.

    The inherited ones, otherwise the frequent ones in alphabetical order.

    A rare category would identify its customers in the model, even after their erasure, so it is
    not learned. At most 5 % of the known cells are omitted this way; a small table may therefore
    keep categories of single customers.
    """
    counts = column.value_counts()
    if len(counts) and pd.api.types.is_numeric_dtype(column.dtype):
        raise UnusableColumn(
            f"'{feature.name}' holds numbers, so it cannot be a categorical feature"
        )
    categories = feature.categories or _frequent(counts, feature.min_category_customers)
    if len(categories) > MAX_CATEGORIES:
        raise UnusableColumn(
            f"'{feature.name}' has {len(categories):,} categories; at most {MAX_CATEGORIES} are "
            "taken"
        )
    known = counts.index.isin(feature.categories or counts.index)
    n_distinct = int(known.sum())
    # A single category that was inherited is not constant: all others are unknown.
    alone = feature.categories is not None and len(categories) == 1
    if n_distinct == 0:
        raise UnusableColumn(f"'{feature.name}' is missing or unknown for every customer")
    if n_distinct == 1 and not alone:
        raise UnusableColumn(
            f"'{feature.name}' is the same for every customer, so it distinguishes no segments"
        )
    return replace(feature, categories=categories, log=False)


def learn(column: pd.Series, feature: Feature) -> FittedSteps:
    """Fit the steps of a decided feature.

    A category is encoded as its one-hot row minus the shares of all categories, scaled. This is a
    single matrix product without an offset, which keeps the all-zero row of an unknown or missing
    category at zero: the mean, neutral between all segments.
    """
    categories = np.array(feature.categories, dtype=object)
    counts = column.value_counts().reindex(list(feature.categories or ()), fill_value=0)
    shares = counts.to_numpy(dtype=np.float64) / counts.sum()
    encoder = OneHotEncoder(categories=[categories], handle_unknown="ignore", sparse_output=False)
    variance = np.sum(shares * (1 - shares))
    factor = np.sqrt(BLOCK_VARIANCE / variance) if variance > 0 else 0.0  # 0: a single category
    centering = np.asarray((np.eye(len(shares)) - shares) * factor)
    center = FunctionTransformer(np.dot, kw_args={"b": centering})
    return FittedSteps(
        steps=Pipeline([("one_hot", encoder), ("center", center)]), usual=categories[0]
    )


def transform(steps: Pipeline, column: pd.DataFrame) -> Floats:
    """Return the coordinates, shape (n, n_categories), encoding each distinct category once."""
    codes, distinct = column.iloc[:, 0].factorize(use_na_sentinel=False)
    blocks = np.asarray(steps.transform(pd.DataFrame({column.columns[0]: distinct.astype(object)})))
    return np.asarray(blocks[codes])


def describe(fitted: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe the fitted steps with their parameters."""
    matrix = vectors(fitted)
    shares = (
        np.eye(len(matrix))[0] - matrix[0] / (matrix[0, 0] - matrix[1, 0])
        if len(matrix) > 1
        else np.ones(1)
    )
    return [
        {"step": "one_hot", "categories": categories(fitted), "shares": shares.round(12).tolist()},
        {"step": "scale", "block_variance": BLOCK_VARIANCE},
    ]


def categories(fitted: dict[str, Any]) -> list[str]:
    """Return the known categories, in the order of their rows."""
    return [str(category) for category in fitted["one_hot"].categories_[0]]


def vectors(fitted: dict[str, Any]) -> Floats:
    """Return the coordinates of each known category, shape (n_categories, n_categories)."""
    return np.asarray(fitted["center"].kw_args["b"], dtype=np.float64)


def _frequent(counts: pd.Series, min_customers: int) -> tuple[str, ...]:
    """Return the categories with enough customers.

    The minimum decreases until at most 5 % of cells are omitted.
    """
    allowed = MAX_RARE_SHARE * counts.sum()
    min_customers = max(
        n for n in range(1, min_customers + 1) if counts[counts < n].sum() <= allowed
    )
    return tuple(sorted(counts.index[counts >= min_customers]))
