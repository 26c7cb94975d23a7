"""A categorical column becomes a block of coordinates, centred, whose variances add up to one half."""

from collections.abc import Sequence
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
MAX_LEFT_OUT: Final = 0.05  # of the known cells

Floats = NDArray[np.float64]


def decide(column: pd.Series, feature: Feature) -> Feature:
    """Resolve which categories there are: those inherited, else those of enough customers, in alphabetical order.

    A category that few customers share would name them in the model, even after their erasure. At most 5 % of the
    known cells are left out that way: in a small table even a single customer's category is learned.
    """
    counts = column.value_counts()
    if len(counts) and pd.api.types.is_numeric_dtype(column.dtype):
        raise UnusableColumn(f"'{feature.name}' holds numbers, so it cannot be a categorical feature")
    categories = feature.categories or _shared(counts, feature.min_category_customers)
    if len(categories) > MAX_CATEGORIES:
        raise UnusableColumn(f"'{feature.name}' has {len(categories):,} categories; at most {MAX_CATEGORIES} are taken")
    known = counts.index.isin(feature.categories or counts.index)
    _check_varies(feature.name, int(known.sum()), alone=feature.categories is not None and len(categories) == 1)
    return replace(feature, categories=categories, log=False)


def learn(column: pd.Series, feature: Feature) -> FittedSteps:
    """Learn the steps of a decided feature.

    A category becomes its one-hot row minus the shares of all categories, times one factor for the variance. That is
    a single matrix product without an offset, so the all-zero one-hot row of an unknown or missing category stays
    zero: the block's mean, which pulls towards no segment.
    """
    categories = np.array(feature.categories, dtype=object)
    shares = _shares(column, feature.categories or ())
    encoder = OneHotEncoder(categories=[categories], handle_unknown="ignore", sparse_output=False)
    center = FunctionTransformer(np.dot, kw_args={"b": _centring(shares)})
    return FittedSteps(steps=Pipeline([("one_hot", encoder), ("center", center)]), usual=categories[0])


def transform(steps: Pipeline, column: pd.DataFrame) -> Floats:
    """Give the coordinates of each customer, shape (n, n_categories); fitted steps look at each category once."""
    codes, distinct = column.iloc[:, 0].factorize(use_na_sentinel=False)
    blocks = np.asarray(steps.transform(pd.DataFrame({column.columns[0]: distinct.astype(object)})))
    return np.asarray(blocks[codes])


def describe(fitted: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe the fitted steps, with the numbers they learned."""
    matrix = vectors(fitted)
    shares = np.eye(len(matrix))[0] - matrix[0] / (matrix[0, 0] - matrix[1, 0]) if len(matrix) > 1 else np.ones(1)
    return [
        {"step": "one_hot", "categories": categories(fitted), "shares": shares.round(12).tolist()},
        {"step": "scale", "block_variance": BLOCK_VARIANCE},
    ]


def categories(fitted: dict[str, Any]) -> list[str]:
    """Give the known categories, in the order of their rows."""
    return [str(category) for category in fitted["one_hot"].categories_[0]]


def vectors(fitted: dict[str, Any]) -> Floats:
    """Give the coordinates of each known category, shape (n_categories, n_categories)."""
    return np.asarray(fitted["center"].kw_args["b"], dtype=np.float64)


def _shares(column: pd.Series, known: Sequence[str]) -> Floats:
    counts = column.value_counts().reindex(list(known), fill_value=0).to_numpy(dtype=np.float64)
    return np.asarray(counts / counts.sum())


def _centring(shares: Floats) -> Floats:
    """Return the matrix that centers and scales one-hot rows; zero where only one category is known."""
    variance = np.sum(shares * (1 - shares))
    factor = np.sqrt(BLOCK_VARIANCE / variance) if variance > 0 else 0.0
    return np.asarray((np.eye(len(shares)) - shares) * factor)


def _shared(counts: pd.Series, fewest: int) -> tuple[str, ...]:
    """Return the categories of at least so many customers; of fewer, where too many would be left out."""
    allowed = MAX_LEFT_OUT * counts.sum()
    fewest = max(n for n in range(1, fewest + 1) if counts[counts < n].sum() <= allowed)
    return tuple(sorted(counts.index[counts >= fewest]))


def _check_varies(name: str, n_distinct: int, *, alone: bool) -> None:
    """Refuse a column that says nothing of anybody; one whose only category was inherited says as much as before."""
    if n_distinct == 0:
        raise UnusableColumn(f"'{name}' is missing or unknown for every customer")
    if n_distinct == 1 and not alone:
        raise UnusableColumn(f"'{name}' is the same for every customer, so it sets nobody apart")
