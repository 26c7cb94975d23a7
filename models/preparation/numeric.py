"""Numeric features: impute, clip in original units, log, scale."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from models.errors import UnusableColumn, ValueOutOfRange
from models.features import MIN_CATEGORY_CUSTOMERS, Feature
from models.preparation.fitted import FittedSteps
from models.statistics import OUTER_FENCE, LogScale, fences, log_helps, log_scale

MAX_TAIL_SHARE: Final = 0.01  # beyond a fence; an exponential tail has .009
MAX_NUMBER: Final = 1e100  # the squares of larger numbers may overflow in sums

Floats = NDArray[np.float64]


def decide(column: pd.Series, feature: Feature) -> Feature:
    """Resolve whether to apply the log transform.

    To non-negative columns whose right skew it reduces.
    """
    x = _known_values(column, feature.name)
    if feature.log is True and x.min() < 0:
        raise UnusableColumn(
            f"'{feature.name}' has negative values, so its logarithm cannot be taken"
        )
    return replace(feature, log=log_helps(x) if feature.log == "auto" else feature.log)


def learn(column: pd.Series, feature: Feature) -> FittedSteps:
    """Fit the steps of a decided feature.

    Clipping precedes the logarithm and uses original units, so the logarithm never receives a value
    below the training minimum, which could be NaN. Division by the unit is a product with a 1 x 1
    matrix, since scikit-learn has no transformer for a constant.
    """
    x = _known_values(column, feature.name)
    log = log_scale(x) if feature.log else None
    low, high = _fences(x, log)
    clip = FunctionTransformer(np.clip, kw_args={"a_min": low, "a_max": high})
    median = float(np.median(x))
    imputed = column.fillna(median).to_numpy(dtype=np.float64).clip(low, high)
    scaler = _scaler(feature, imputed if log is None else log.of(imputed))
    impute = SimpleImputer(strategy="median")  # fitted to one cell, the median itself
    steps = Pipeline([("impute", impute), ("clip", clip), *_log_steps(log), *scaler.items()])
    return FittedSteps(steps=steps, usual=median, fitted=scaler)


def describe(fitted: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe the fitted steps with their parameters."""
    clip = fitted["clip"].kw_args
    described: list[dict[str, Any]] = [
        {"step": "impute", "value": float(fitted["impute"].statistics_[0])},
        {"step": "clip", "low": clip["a_min"], "high": clip["a_max"]},
    ]
    if "log" in fitted:
        factor = log_factor(fitted)
        formula = "log(x)" if factor is None else f"log(1 + x / {1 / factor:.6g})"
        described.append({"step": "log", "formula": formula})
    if "scale" in fitted:
        center, scale = center_and_scale(fitted)
        method = "robust" if isinstance(fitted["scale"], RobustScaler) else "standard"
        described.append({"step": "scale", "method": method, "center": center, "scale": scale})
    return described


def log_factor(fitted: dict[str, Any]) -> float | None:
    """Return 1 / unit of log(1 + x / unit); None for log(x) and without a log transform."""
    return float(fitted["unit"].kw_args["b"][0, 0]) if "unit" in fitted else None


def center_and_scale(fitted: dict[str, Any]) -> tuple[float, float]:
    """Return the center and the scale; 0 and 1 for an unscaled feature."""
    if "scale" not in fitted:
        return 0.0, 1.0
    scaler = fitted["scale"]
    center = scaler.center_ if isinstance(scaler, RobustScaler) else scaler.mean_
    return float(center[0]), float(scaler.scale_[0])


def _known_values(column: pd.Series, name: str) -> Floats:
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise UnusableColumn(f"'{name}' holds text, so it cannot be a numeric feature")
    x = column.dropna().to_numpy(dtype=np.float64)
    if not len(x):
        raise UnusableColumn(f"'{name}' is missing for every customer")
    if np.abs(x).max() > MAX_NUMBER:
        raise ValueOutOfRange(f"'{name}' holds a number beyond ±{MAX_NUMBER:g}")
    if x.min() == x.max():
        raise UnusableColumn(
            f"'{name}' is the same for every customer, so it distinguishes no segments"
        )
    return x


def _fences(x: Floats, log: LogScale | None) -> tuple[float, float]:
    """Compute the fences Q1 - 3 IQR and Q3 + 3 IQR, on the log scale if the feature has one.

    If the IQR is 0, the fences are the minimum and the maximum, since clipping would make the
    column constant. A fence that more than 1 % of the customers lie beyond, and more than five,
    would cut a group rather than a tail, so it is twice as far out.
    """
    scaled = x if log is None else log.of(x)
    q1, q3 = np.quantile(scaled, [0.25, 0.75]).tolist()
    if q1 == q3:
        return float(x.min()), float(x.max())
    (low, high), (far_low, far_high) = (fences(q1, q3, i * OUTER_FENCE) for i in (1, 2))
    low = far_low if _holds_group(scaled < low) else low
    high = far_high if _holds_group(scaled > high) else high
    if log is not None:
        low, high = max(log.back(low), float(x.min())), log.back(high)
    return max(low, -MAX_NUMBER), min(high, MAX_NUMBER)


def _holds_group(beyond: NDArray[np.bool_]) -> bool:
    n = int(beyond.sum())
    return n > max(MAX_TAIL_SHARE * len(beyond), MIN_CATEGORY_CUSTOMERS)


def _log_steps(log: LogScale | None) -> list[tuple[str, FunctionTransformer]]:
    if log is None:
        return []
    if log.unit is None:
        return [("log", FunctionTransformer(np.log))]
    unit = FunctionTransformer(np.dot, kw_args={"b": np.array([[1 / log.unit]])})
    return [("unit", unit), ("log", FunctionTransformer(np.log1p))]


def _scaler(feature: Feature, x: Floats) -> dict[str, Any]:
    if feature.scale == "none":
        return {}
    # RobustScaler does not scale a column whose IQR is 0.
    robust = feature.scale == "robust" and bool(np.less(*np.quantile(x, [0.25, 0.75])))
    return {"scale": (RobustScaler() if robust else StandardScaler()).fit(x[:, None])}
