"""Profiles of segments: size, typical values, differences, rule and name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.column_words import Words, numeric_words
from models.features import Feature
from models.profiling.effect_sizes import Contrast, Difference, effect_sizes
from models.profiling.quantities import quantity
from models.profiling.rules import Rule, find_rules
from models.profiling.segment_names import name_segments

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One segment, in the customers' own units."""

    index: int
    name: str
    n_customers: int
    share: float
    typical: dict[str, float | dict[str, float] | None]
    differs_by: list[Difference]
    rule: Rule | None


def profile_segments(
    table: pd.DataFrame, features: Sequence[Feature], labels: Labels, *, k: int, seed: int
) -> list[Profile]:
    """Describe each segment of a segmentation.

    Parameters
    ----------
    table : DataFrame of shape (n_customers, ...)
        The customers as stored: numbers, or categories as text; null where missing.
    features : sequence of Feature
        The features as the preparation decided them.
    labels : ndarray of shape (n_customers,)
        The segment of each customer, 0 to k - 1; -1 for unassigned ones, which are left out.
    k : int
        The number of segments, empty ones included.
    seed : int
        Decides the sample and the folds behind the rules.

    Returns
    -------
    list of Profile
        One per segment, by index. Shares are of the assigned customers. Differences are those of at
        least 0.2, strongest first: for numbers in standard deviations of all assigned customers
        (outliers drawn in, on a log scale if the feature has one), for categories Cohen's h
        (Cohen, 1988).
    """
    assigned = labels >= 0
    if not assigned.all():
        table, labels = table.loc[assigned], labels[assigned]
    contrasts = [effect_sizes(table[feature.name], feature, labels, k=k) for feature in features]
    words = _words(table, features)
    differences = [_differences(contrasts, segment, words) for segment in range(k)]
    sizes = np.bincount(labels, minlength=k).tolist()
    names = name_segments(differences, features, sizes=sizes)
    rules = find_rules(table, features, labels, k=k, seed=seed)
    return [
        Profile(
            index=segment,
            name=names[segment],
            n_customers=sizes[segment],
            share=sizes[segment] / max(len(labels), 1),
            typical={each.feature: each.typical(segment) for each in contrasts},
            differs_by=differences[segment],
            rule=rules[segment],
        )
        for segment in range(k)
    ]


def _words(table: pd.DataFrame, features: Sequence[Feature]) -> dict[str, Words]:
    numeric = [feature.name for feature in features if feature.kind == "numeric"]
    quantities = {}
    for name in numeric:
        known = table[name].dropna().to_numpy(dtype=np.float64)
        if found := quantity(known):
            quantities[name] = found
    return numeric_words(numeric, quantities)


def _differences(
    contrasts: Sequence[Contrast], segment: int, words: Mapping[str, Words]
) -> list[Difference]:
    differences = []
    for contrast in contrasts:
        difference = contrast.difference(segment)
        if difference is None:
            continue
        if difference.category is None:
            phrase = words[difference.feature][difference.effect > 0]
            difference = replace(difference, phrase=phrase)
        differences.append(difference)
    return sorted(differences, key=lambda difference: -abs(difference.effect))
