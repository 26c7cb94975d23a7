"""Preparation of features.

Resolve open choices, fit the transformer, transform columns to points.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer

from models.errors import UnusableColumn
from models.features import Feature
from models.preparation import categorical, numeric
from models.preparation.fitted import FittedSteps

AT_ONCE: Final = 131_072  # rows per batch, to bound memory


def decide(table: pd.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Resolve open choices: whether to apply the log transform, and which categories to learn.

    Parameters
    ----------
    table
        One row per customer; numeric columns float64 with NaN, the others text with None or NaN.
    features
        The requested features; choices that are already made, or inherited from an earlier version,
        are kept.

    Returns
    -------
    tuple of Feature
        The same features with `log` a bool and, for a categorical one, `categories` filled; later
        versions inherit both.

    Raises
    ------
    UnusableColumn
        For a column that is absent, of another kind, all missing or constant, that has too many
        categories, or that has negative values if `log` is True.
    ValueOutOfRange
        For a number beyond ±1e100.
    """
    return tuple(_decide_one(_column(table, feature.name), feature) for feature in features)


def learn(table: pd.DataFrame, features: Sequence[Feature]) -> ColumnTransformer:
    """Fit the transformer of decided features; the statistics of each column are computed once.

    Parameters
    ----------
    table
        As for `decide`.
    features
        The result of `decide`.

    Returns
    -------
    ColumnTransformer
        Fitted, with one entry per feature, named ``feature_0`` and so on, since headers may contain
        ``__``.
    """
    learned = {feature.name: _learn_one(table[feature.name], feature) for feature in features}
    entries = [(entry(i), each.steps, [name]) for i, (name, each) in enumerate(learned.items())]
    weights = {entry(i): feature.weight**0.5 for i, feature in enumerate(features)}
    transformer = ColumnTransformer(entries, transformer_weights=weights, sparse_threshold=0)
    transformer.fit(pd.DataFrame({name: [each.usual] for name, each in learned.items()}))
    for i, each in enumerate(learned.values()):
        transformer.named_transformers_[entry(i)].set_params(**each.fitted)
    return transformer


def transform(
    fitted: ColumnTransformer, features: Sequence[Feature], table: pd.DataFrame
) -> NDArray[np.float64]:
    """Transform customers to points like the transformer, but encode each distinct category once.

    Parameters
    ----------
    fitted
        The result of `learn`.
    features
        The result of `decide`.
    table
        As for `decide`.

    Returns
    -------
    ndarray
        Shape (n_customers, d).
    """
    slices = [fitted.output_indices_[entry(i)] for i in range(len(features))]
    points = np.empty((len(table), slices[-1].stop))
    for i, (feature, columns) in enumerate(zip(features, slices, strict=True)):
        steps, column = fitted.named_transformers_[entry(i)], table[[feature.name]]
        transform_block = (
            steps.transform if feature.kind == "numeric" else partial(categorical.transform, steps)
        )
        for start in range(0, len(table), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            block = transform_block(column.iloc[rows])
            np.multiply(block, fitted.transformer_weights[entry(i)], out=points[rows, columns])
    return points


def known(table: pd.DataFrame, feature: Feature) -> NDArray[np.bool_]:
    """Mark the customers with a known value of a decided feature.

    Neither missing nor an unknown category.
    """
    if feature.kind == "numeric":
        return table[feature.name].notna().to_numpy(dtype=np.bool_)
    return table[feature.name].isin(feature.categories or ()).to_numpy(dtype=np.bool_)


def describe(fitted: ColumnTransformer, features: Sequence[Feature]) -> list[dict[str, Any]]:
    """Describe a fitted preparation as JSON, with its fitted parameters.

    Parameters
    ----------
    fitted
        The result of `learn`.
    features
        The result of `decide`.

    Returns
    -------
    list of dict
        For each feature its name, kind, weight and steps, in the order of application.
    """
    return [_describe_one(steps_of(fitted, i), feature) for i, feature in enumerate(features)]


def entry(i: int) -> str:
    """Return the name of the i-th feature's entry in the transformer."""
    return f"feature_{i}"


def steps_of(fitted: ColumnTransformer, i: int) -> dict[str, Any]:
    """Return the fitted steps of the i-th feature by name."""
    return dict(fitted.named_transformers_[entry(i)].steps)


def _decide_one(column: pd.Series, feature: Feature) -> Feature:
    return (
        numeric.decide(column, feature)
        if feature.kind == "numeric"
        else categorical.decide(column, feature)
    )


def _learn_one(column: pd.Series, feature: Feature) -> FittedSteps:
    return (
        numeric.learn(column, feature)
        if feature.kind == "numeric"
        else categorical.learn(column, feature)
    )


def _describe_one(steps: dict[str, Any], feature: Feature) -> dict[str, Any]:
    described = (
        numeric.describe(steps) if feature.kind == "numeric" else categorical.describe(steps)
    )
    return {
        "feature": feature.name,
        "kind": feature.kind,
        "weight": feature.weight,
        "steps": described,
    }


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        raise UnusableColumn(f"there is no column '{name}'")
    return table[name]
