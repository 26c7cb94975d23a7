"""Columns become points: what is decided for each feature, and the transformer that learns it."""

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

AT_ONCE: Final = 131_072  # customers whose steps are held at a time


def decide(table: pd.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Resolve what was left open: whether to take the logarithm, and which categories there are.

    Parameters
    ----------
    table
        One row per customer; numeric columns float64 with NaN, the others text with None or NaN.
    features
        What is asked; a choice already made, or inherited from an earlier version, is kept.

    Returns
    -------
    tuple of Feature
        The same features with `log` a bool and, for a categorical one, `categories` filled: what a later version
        inherits.

    Raises
    ------
    UnusableColumn
        For a column that is not there, of another kind, all missing or constant, with too many categories, or with
        negative values where a logarithm is asked.
    ValueOutOfRange
        For a number beyond 1e100.
    """
    return tuple(_decide_one(_column(table, feature.name), feature) for feature in features)


def learn(table: pd.DataFrame, features: Sequence[Feature]) -> ColumnTransformer:
    """Learn the transformer of decided features: what it has to know of a column is measured once.

    Parameters
    ----------
    table
        As for `decide`.
    features
        What `decide` returned.

    Returns
    -------
    ColumnTransformer
        Fitted, with one entry per feature, named ``feature_0`` and so on, since a column's name may hold anything.
    """
    learned = {feature.name: _learn_one(table[feature.name], feature) for feature in features}
    entries = [(entry(i), each.steps, [name]) for i, (name, each) in enumerate(learned.items())]
    weights = {entry(i): feature.weight**0.5 for i, feature in enumerate(features)}
    transformer = ColumnTransformer(entries, transformer_weights=weights, sparse_threshold=0)
    transformer.fit(pd.DataFrame({name: [each.usual] for name, each in learned.items()}))
    for i, each in enumerate(learned.values()):
        transformer.named_transformers_[entry(i)].set_params(**each.fitted)
    return transformer


def transform(fitted: ColumnTransformer, features: Sequence[Feature], table: pd.DataFrame) -> NDArray[np.float64]:
    """Give the points of customers, as the transformer itself does, but each category is looked at only once.

    Parameters
    ----------
    fitted
        What `learn` returned.
    features
        What `decide` returned.
    table
        As for `decide`.

    Returns
    -------
    ndarray
        Shape (n_customers, d).
    """
    places = [fitted.output_indices_[entry(i)] for i in range(len(features))]
    points = np.empty((len(table), places[-1].stop))
    for i, (feature, place) in enumerate(zip(features, places, strict=True)):
        steps, column = fitted.named_transformers_[entry(i)], table[[feature.name]]
        transform_block = steps.transform if feature.kind == "numeric" else partial(categorical.transform, steps)
        for start in range(0, len(table), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            block = transform_block(column.iloc[rows])
            np.multiply(block, fitted.transformer_weights[entry(i)], out=points[rows, place])
    return points


def known(table: pd.DataFrame, feature: Feature) -> NDArray[np.bool_]:
    """Say for which customers a decided feature is known: neither missing nor a category outside its list."""
    if feature.kind == "numeric":
        return table[feature.name].notna().to_numpy(dtype=np.bool_)
    return table[feature.name].isin(feature.categories or ()).to_numpy(dtype=np.bool_)


def describe(fitted: ColumnTransformer, features: Sequence[Feature]) -> list[dict[str, Any]]:
    """Describe a fitted preparation for people and for JSON, with the numbers it learned.

    Parameters
    ----------
    fitted
        The transformer of `build`, fitted.
    features
        What `decide` returned.

    Returns
    -------
    list of dict
        Per feature its name, kind, weight and steps, these in the order in which they are applied.
    """
    return [_describe_one(steps_of(fitted, i), feature) for i, feature in enumerate(features)]


def entry(i: int) -> str:
    """Name the entry of the i-th feature in the transformer."""
    return f"feature_{i}"


def steps_of(fitted: ColumnTransformer, i: int) -> dict[str, Any]:
    """Give the fitted steps of the i-th feature by their names."""
    return dict(fitted.named_transformers_[entry(i)].steps)


def _decide_one(column: pd.Series, feature: Feature) -> Feature:
    return numeric.decide(column, feature) if feature.kind == "numeric" else categorical.decide(column, feature)


def _learn_one(column: pd.Series, feature: Feature) -> FittedSteps:
    return numeric.learn(column, feature) if feature.kind == "numeric" else categorical.learn(column, feature)


def _describe_one(steps: dict[str, Any], feature: Feature) -> dict[str, Any]:
    described = numeric.describe(steps) if feature.kind == "numeric" else categorical.describe(steps)
    return {"feature": feature.name, "kind": feature.kind, "weight": feature.weight, "steps": described}


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        raise UnusableColumn(f"there is no column '{name}'")
    return table[name]
