"""Preparation of the customers of a table as points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer

from models import preparation
from models.errors import NothingToLearnFrom, UnusableColumn
from models.features import Feature
from models.summary.quality_checks import missing_warnings

Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PreparedTable:
    """The customers with a known feature as points, with the fitted transformer."""

    features: tuple[Feature, ...]
    transformer: ColumnTransformer
    points: Points
    known: NDArray[np.bool_]
    warnings: tuple[str, ...]


def prepare(
    table: pd.DataFrame, requested: Sequence[Feature], fitted: ColumnTransformer | None = None
) -> PreparedTable:
    """Prepare the customers; fit the transformer unless a fitted one is passed."""
    _check_features(table, requested)
    features = preparation.decide(table, requested)
    known = np.any([preparation.known(table, feature) for feature in features], axis=0)
    rows = table if known.all() else table.loc[known, [feature.name for feature in features]]
    transformer = preparation.learn(rows, features) if fitted is None else fitted
    return PreparedTable(
        features=features,
        transformer=transformer,
        points=preparation.transform(transformer, features, rows),
        known=known,
        warnings=(
            *missing_warnings(
                {feature.name: float(table[feature.name].isna().mean()) for feature in features}
            ),
            *_neutral_categories(table, requested, features),
            *_unknown_note(int((~known).sum())),
        ),
    )


def _check_features(table: pd.DataFrame, requested: Sequence[Feature]) -> None:
    if not requested or table.empty:
        raise NothingToLearnFrom
    names = [feature.name for feature in requested]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableColumn(f"'{twice[0]}' is named as a feature twice")


def _unknown_note(n: int) -> list[str]:
    if n == 0:
        return []
    return [
        (
            f"{n:,} customers have no known feature; they were left out of the fit and belong to "
            "no segment"
        )
    ]


def _neutral_categories(
    table: pd.DataFrame, requested: Sequence[Feature], decided: Sequence[Feature]
) -> Iterator[str]:
    """Yield warnings about unknown categories, unnamed since few customers may have them."""
    for before, feature in zip(requested, decided, strict=True):
        column = table[feature.name]
        n = int((column.notna() & ~preparation.known(table, feature)).sum())
        if n:
            yield (
                f"'{feature.name}' of {n:,} customers is {_why_neutral(before)}: it pulls "
                "towards no segment"
            )
        if len(feature.categories or ()) == 1:
            yield (
                f"'{feature.name}' has only one category of enough customers, so it does not "
                "separate customers"
            )


def _why_neutral(requested: Feature) -> str:
    if requested.categories is None:
        return f"a category of fewer than {requested.min_category_customers:,} customers"
    return "a category that the earlier version did not know"
