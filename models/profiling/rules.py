"""The short rule that describes a segment, and how far it can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.features import Feature
from models.profiling.conditions import Flags, Floats, RuleColumn, describe, match_all
from models.profiling.effect_sizes import majority_missing
from models.profiling.rule_learning import RuleData, RuleTarget, learn

MAX_ROWS = 5000
MAX_CATEGORIES = 30
MIN_MEMBERS = 4
FOLDS = 5

Labels = npt.NDArray[np.integer]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A sentence about the members.

    Precision and recall are measured on customers it was not learned from.
    """

    text: str
    precision: float | None
    recall: float | None


def find_rules(
    table: pd.DataFrame, features: Sequence[Feature], labels: Labels, *, k: int, seed: int
) -> list[Rule | None]:
    """Find a short rule for each segment.

    Parameters
    ----------
    table : DataFrame of shape (n_customers, ...)
        In own units, null where missing.
    features : sequence of Feature
        The columns that rules may use.
    labels : ndarray of shape (n_customers,)
        The segment of each customer, 0 to k - 1.
    k : int
        The number of segments, empty ones included.
    seed : int
        Decides the sample (of tables beyond 5,000 customers) and the folds.

    Returns
    -------
    list of (Rule or None)
        None where a segment has fewer than four members, or all customers, or no condition helps.

    Notes
    -----
    Missing numbers count as the median, as they do when customers are assigned, missing categories
    as none. If most members of a segment lack a feature, the rule only uses whether it is known.
    Precision and recall come from five stratified folds, fewer for segments of four.
    """
    rng = np.random.default_rng(seed)
    sizes = np.bincount(labels, minlength=k)
    rows = _sample(labels, sizes, rng)
    lacking = np.array([majority_missing(table[feature.name], labels, k) for feature in features])
    columns, X = _collect(table.iloc[rows], features, np.flatnonzero(lacking.any(axis=1)))
    sampled = labels[rows]
    weights = (sizes / np.maximum(np.bincount(sampled, minlength=k), 1))[sampled]
    evidence = RuleData.of(X)
    targets = [
        RuleTarget(
            evidence=evidence.without(
                _find_missing_columns(columns, features, lacking[:, segment])
            ),
            member=sampled == segment,
            weights=weights,
        )
        for segment in range(k)
    ]
    return [_find_rule(target, columns, rng) for target in targets]


def _find_missing_columns(
    columns: Sequence[RuleColumn], features: Sequence[Feature], lacking: Flags
) -> Flags:
    """Mark the columns that are missing for most members of a segment.

    Rules do not use their values, only whether they are known.
    """
    names = {feature.name for feature, lacks in zip(features, lacking, strict=True) if lacks}
    return np.array(
        [column.feature in names and not column.unknown for column in columns], dtype=bool
    )


def _find_rule(
    target: RuleTarget, columns: Sequence[RuleColumn], rng: np.random.Generator
) -> Rule | None:
    if target.member.sum() < MIN_MEMBERS or target.member.all():
        return None
    conditions = learn(target)
    if not conditions:
        return None
    precision, recall = _out_of_fold(target, rng)
    return Rule(text=describe(conditions, columns), precision=precision, recall=recall)


def _out_of_fold(target: RuleTarget, rng: np.random.Generator) -> tuple[float | None, float | None]:
    """Return precision and recall on rows that were held out, None where that is undefined."""
    # Each fold has about as many members of the segment, and as many others.
    n_folds = int(min(FOLDS, target.member.sum(), (~target.member).sum()))
    folds = np.zeros(target.member.size, dtype=np.intp)
    for side in (target.member, ~target.member):
        folds[rng.permutation(np.flatnonzero(side))] = np.arange(side.sum()) % n_folds
    if not folds.any():
        return None, None
    chosen = np.zeros_like(target.member)
    for fold in range(folds.max() + 1):
        held_out = folds == fold
        conditions = learn(replace(target, weights=target.weights * ~held_out))
        chosen[held_out] = match_all(conditions, target.evidence.X[held_out])
    hits, found = target.weights @ (chosen & target.member), target.weights @ chosen
    return (float(hits / found) if found else None), float(hits / (target.weights @ target.member))


def _sample(labels: Labels, sizes: npt.NDArray[np.integer], rng: np.random.Generator) -> Rows:
    """Sample the rows that rules are learned from.

    Half of them in proportion to the sizes of the segments, half equally from each segment.
    """
    if labels.size <= MAX_ROWS:
        return np.arange(labels.size)
    quotas = MAX_ROWS // 2 / sizes.size + MAX_ROWS // 2 * sizes / labels.size
    picked = [
        rng.permutation(np.flatnonzero(labels == segment))[: int(quota)]
        for segment, quota in enumerate(quotas)
    ]
    return np.concatenate(picked)


def _collect(
    table: pd.DataFrame, features: Sequence[Feature], lacking: Rows
) -> tuple[list[RuleColumn], Floats]:
    """Return the columns that conditions can be about, and their values.

    `lacking` are features by position.
    """
    parts = []
    for position, feature in enumerate(features):
        column = table[feature.name]
        parts.append(
            _numbers(column, feature) if feature.kind == "numeric" else _flags(column, feature)
        )
        if position in lacking:
            missing = np.asarray(column.isna(), dtype=np.float64)
            parts.append(([RuleColumn(feature=feature.name, unknown=True)], missing[:, None]))
    columns = [column for described, _ in parts for column in described]
    return columns, np.column_stack([values for _, values in parts])


def _numbers(column: pd.Series, feature: Feature) -> tuple[list[RuleColumn], Floats]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    whole = bool((known == np.rint(known)).all())
    middle = np.median(known) if known.size else 0.0
    return [RuleColumn(feature=feature.name, whole=whole)], np.where(
        np.isnan(values), middle, values
    )[:, None]


def _flags(column: pd.Series, feature: Feature) -> tuple[list[RuleColumn], Floats]:
    present = column.value_counts().index
    common = present[present.isin(feature.categories or present)][:MAX_CATEGORIES].sort_values()
    codes = common.get_indexer(pd.Index(column))
    described = [RuleColumn(feature=feature.name, category=str(category)) for category in common]
    return described, np.asarray(codes[:, None] == np.arange(len(common)), dtype=np.float64)
