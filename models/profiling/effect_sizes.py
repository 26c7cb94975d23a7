"""One feature seen across the segments.

What is typical of each, and how far that is from everyone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.features import Feature
from models.statistics import MIN_UNIT, OUTER_FENCE, fences

MIN_EFFECT = 0.2  # "small" in Cohen (1988); less is not worth a sentence
MOSTLY = 0.5

Measure = Literal["median", "mean", "share", "share_nonzero"]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Difference of a segment from all customers in one feature, in the feature's units.

    `here` and `overall` are medians, or means if the medians are alike, or shares: of a category,
    or of the numbers other than zero. `phrase` is the difference in the words of a segment's name.
    """

    feature: str
    category: str | None
    here: float
    overall: float
    effect: float
    measure: Measure = "median"
    phrase: str | None = None


@dataclass(frozen=True, kw_only=True)
class NumericContrast:
    """Medians and means in own units, and effects in standard deviations.

    NaN where most members have no number.
    """

    feature: str
    medians: Floats
    overall: float
    means: Floats
    overall_mean: float
    effects: Floats

    def typical(self, segment: int) -> float | None:
        """Return the median of one segment, None if most of its values are unknown."""
        return _known_or_none(self.medians[segment])

    def difference(self, segment: int) -> Difference | None:
        """Return how one segment differs, in means where medians do not show it.

        None if it hardly does.
        """
        effect = self.effects[segment]
        if not abs(effect) >= MIN_EFFECT:
            return None
        medians: tuple[Measure, float, float] = ("median", self.medians[segment], self.overall)
        means: tuple[Measure, float, float] = ("mean", self.means[segment], self.overall_mean)
        for measure, here, overall in (medians, means):
            if np.sign(here - overall) == np.sign(effect):
                return Difference(
                    feature=self.feature,
                    category=None,
                    here=float(here),
                    overall=overall,
                    effect=float(effect),
                    measure=measure,
                )
        return None


@dataclass(frozen=True, kw_only=True)
class ZeroInflatedContrast:
    """Medians, and the shares of those with another number than zero.

    NaN where most members have no number.
    """

    feature: str
    medians: Floats
    shares: Floats
    overall: float

    def typical(self, segment: int) -> float | None:
        """Return the median of one segment, None if most of its values are unknown."""
        return _known_or_none(self.medians[segment])

    def difference(self, segment: int) -> Difference | None:
        """Return how the share of those with any differs in one segment, None if it hardly does."""
        effect = float(cohen_h(self.shares[segment], np.asarray(self.overall)))
        if not abs(effect) >= MIN_EFFECT:
            return None
        return Difference(
            feature=self.feature,
            category=None,
            here=float(self.shares[segment]),
            overall=self.overall,
            effect=effect,
            measure="share_nonzero",
        )


@dataclass(frozen=True, kw_only=True)
class CategoricalContrast:
    """Shares of each category (segments x categories) among the known values.

    NaN where most members have none.
    """

    feature: str
    categories: tuple[str, ...]
    shares: Floats
    overall: Floats

    def typical(self, segment: int) -> dict[str, float] | None:
        """Return the share of each category in a segment, None if most values are unknown."""
        shares = self.shares[segment]
        if not shares.size or np.isnan(shares).any():
            return None
        return dict(zip(self.categories, shares.tolist(), strict=True))

    def difference(self, segment: int) -> Difference | None:
        """Return the category whose share differs most in one segment, None if it hardly does."""
        effects = cohen_h(self.shares[segment], self.overall)
        if not effects.size or not np.abs(effects).max() >= MIN_EFFECT:
            return None
        # Of equally large effects, the category that the segment has more of.
        most = int(np.lexsort((effects, np.abs(effects).round(9)))[-1])
        return Difference(
            feature=self.feature,
            category=self.categories[most],
            here=float(self.shares[segment, most]),
            overall=float(self.overall[most]),
            effect=float(effects[most]),
            measure="share",
        )


Contrast = NumericContrast | ZeroInflatedContrast | CategoricalContrast


def effect_sizes(column: pd.Series, feature: Feature, labels: Labels, *, k: int) -> Contrast:
    """Compare one feature between the segments.

    Parameters
    ----------
    column : Series of shape (n_customers,)
        In own units: numbers, or categories as text; null where missing.
    feature : Feature
        As decided by the preparation; with `log` the numeric effect is measured on a log scale.
    labels : ndarray of shape (n_customers,)
        The segment of each customer, 0 to k - 1.
    k : int
        The number of segments, empty ones included.
    """
    if feature.kind == "numeric":
        return _compare_numbers(column, feature, labels, k)
    return _compare_categories(column, feature, labels, k)


def cohen_h(share: Floats, reference: Floats) -> Floats:
    """Return the effect size of two shares, positive if `share` is larger (Cohen, 1988)."""
    angles: Floats = 2 * np.arcsin(np.sqrt(share)) - 2 * np.arcsin(np.sqrt(reference))
    return angles


def majority_missing(column: pd.Series, labels: Labels, k: int) -> npt.NDArray[np.bool_]:
    """Check for each segment whether most of its members have no value, shape (k,)."""
    missing = np.bincount(labels[column.isna().to_numpy()], minlength=k)
    return missing > MOSTLY * np.bincount(labels, minlength=k)


def _compare_numbers(
    column: pd.Series, feature: Feature, labels: Labels, k: int
) -> NumericContrast | ZeroInflatedContrast:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    unknown, known = majority_missing(column, labels, k), ~np.isnan(values)
    values, labels = values[known], labels[known]
    medians = (
        pd.Series(values).groupby(labels).median().reindex(range(k)).to_numpy(dtype=np.float64)
    )
    medians = np.where(unknown, np.nan, medians)
    if values.size and np.count_nonzero(values) < MOSTLY * values.size:
        shares = np.where(unknown, np.nan, _means(values != 0, labels, k))
        overall = float(np.mean(values != 0))
        return ZeroInflatedContrast(
            feature=feature.name, medians=medians, shares=shares, overall=overall
        )
    return NumericContrast(
        feature=feature.name,
        medians=medians,
        overall=float(np.median(values)) if values.size else np.nan,
        means=_means(values, labels, k),
        overall_mean=float(values.mean()) if values.size else np.nan,
        effects=np.where(
            unknown,
            np.nan,
            _standardized_means(_comparable(values, log=feature.log is True), labels, k),
        ),
    )


def _compare_categories(
    column: pd.Series, feature: Feature, labels: Labels, k: int
) -> CategoricalContrast:
    categories = feature.categories or tuple(sorted(column.dropna().unique()))
    distinct_codes, distinct = column.factorize(use_na_sentinel=False)
    codes = pd.Index(categories, dtype=object).get_indexer(pd.Index(distinct, dtype=object))[
        distinct_codes
    ]
    known, width = codes >= 0, len(categories)
    cells = labels[known].astype(np.intp) * width + codes[known]
    counts = np.bincount(cells, minlength=k * width).reshape(k, width)
    shares = _ratio(counts, counts.sum(axis=1, keepdims=True))
    return CategoricalContrast(
        feature=feature.name,
        categories=categories,
        shares=np.where(majority_missing(column, labels, k)[:, None], np.nan, shares),
        overall=_ratio(counts.sum(axis=0), counts.sum()),
    )


def _standardized_means(values: Floats, labels: Labels, k: int) -> Floats:
    """Return the distance of each segment's mean from the overall mean, in standard deviations."""
    means = _means(values, labels, k)
    if not values.size or np.ptp(values) == 0:
        return means * 0
    deviation = values.std()
    if deviation == 0:  # the squares of tiny differences underflow
        return means * 0
    effects: Floats = (means - values.mean()) / deviation
    return effects


def _comparable(values: Floats, *, log: bool) -> Floats:
    """Return values with meaningful means: on a log scale if requested, outliers clipped."""
    if not values.size:
        return values
    values = _log_transform(values) if log else values
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    if q1 == q3 and np.ptp(values):  # mostly one value: the quartiles of the others count
        q1, q3 = np.quantile(values[values != median], [0.25, 0.75]).tolist()
    low, high = fences(q1, q3, OUTER_FENCE)
    return np.clip(values, min(low, median), max(high, median))


def _log_transform(values: Floats) -> Floats:
    """Return log(x), or log(1 + x / unit) if there are zeros; the unit is a typical value."""
    if values.min() > 0:
        return np.log(values)
    sizes = np.abs(values)
    unit = max(float(np.median(sizes[sizes > 0])), MIN_UNIT) if sizes.any() else 1.0
    scaled: Floats = np.sign(values) * np.log1p(sizes / unit)
    return scaled


def _means(values: npt.NDArray[np.number | np.bool_], labels: Labels, k: int) -> Floats:
    return _ratio(
        np.bincount(labels, weights=values, minlength=k), np.bincount(labels, minlength=k)
    )


def _known_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _ratio(part: npt.NDArray[np.number], whole: npt.ArrayLike) -> Floats:
    with np.errstate(invalid="ignore"):
        ratio: Floats = np.true_divide(part, whole)
    return ratio
