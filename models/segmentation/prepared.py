"""The customers of a table as points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer

from models import preparation
from models.errors import NothingToLearnFrom, UnusableColumn
from models.features import Feature

Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PreparedTable:
    """The customers with a known feature as points, and how they became so."""

    features: tuple[Feature, ...]
    transformer: ColumnTransformer
    points: Points
    known: NDArray[np.bool_]
    warnings: tuple[str, ...]


def prepare(table: pd.DataFrame, asked: Sequence[Feature], fitted: ColumnTransformer | None = None) -> PreparedTable:
    """Learn how to prepare the customers, or prepare them as was learned before."""
    _check_features(table, asked)
    features = preparation.decide(table, asked)
    known = np.any([preparation.known(table, feature) for feature in features], axis=0)
    rows = table if known.all() else table.loc[known, [feature.name for feature in features]]
    transformer = preparation.learn(rows, features) if fitted is None else fitted
    return PreparedTable(
        features=features,
        transformer=transformer,
        points=preparation.transform(transformer, features, rows),
        known=known,
        warnings=(*_neutral_categories(table, asked, features), *_left_out(int((~known).sum()))),
    )


def _check_features(table: pd.DataFrame, asked: Sequence[Feature]) -> None:
    if not asked or table.empty:
        raise NothingToLearnFrom
    names = [feature.name for feature in asked]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableColumn(f"'{twice[0]}' is named as a feature twice")


def _left_out(n: int) -> list[str]:
    if n == 0:
        return []
    return [f"{n:,} customers have no known feature: they were left out of the learning and belong to no segment"]


def _neutral_categories(table: pd.DataFrame, asked: Sequence[Feature], decided: Sequence[Feature]) -> Iterator[str]:
    """Warn of categories that are outside the learned ones; without their names, which few customers may share."""
    for before, feature in zip(asked, decided, strict=True):
        column = table[feature.name]
        n = int((column.notna() & ~preparation.known(table, feature)).sum())
        if n:
            yield f"'{feature.name}' of {n:,} customers is {_why_neutral(before)}: it pulls towards no segment"
        if len(feature.categories or ()) == 1:
            yield f"'{feature.name}' has only one category of enough customers, so it sets nobody apart"


def _why_neutral(asked: Feature) -> str:
    if asked.categories is None:
        return f"a category of fewer than {asked.min_category_customers:,} customers"
    return "a category that the earlier version did not know"
