"""Compiler from a fitted pipeline to a scorer."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer

from models import preparation
from models.algorithms import ClusteringResult
from models.features import Feature
from models.preparation import categorical, numeric
from models.scoring import Scorer
from models.scoring.features import CategoricalFeature, Coordinate, NumericFeature
from models.statistics import OUTER_FENCE, fences

MIN_MEMBERS: Final = 30  # at a positive distance; fewer have no reliable quartiles

Floats = NDArray[np.float64]


def compile_scorer(
    prepare: ColumnTransformer, features: Sequence[Feature], learned: ClusteringResult
) -> Scorer:
    """Compile a fitted preparation and a clustering into a scorer.

    Parameters
    ----------
    prepare
        The transformer of `preparation.build`, fitted.
    features
        As returned by `preparation.decide`.
    learned
        The centers, in the units of `prepare`.

    Returns
    -------
    Scorer
        Its fences are infinite; set those of `outlier_thresholds` to detect outliers by distance.
    """
    positions = [prepare.output_indices_[preparation.entry(i)] for i in range(len(features))]
    return Scorer(
        features=tuple(
            _coordinate(feature, preparation.steps_of(prepare, i), position, learned.centers)
            for i, (feature, position) in enumerate(zip(features, positions, strict=True))
        ),
        centers=learned.centers,
        segment_of_center=learned.segment_of_center,
        fences=np.full(learned.k, np.inf),
    )


def outlier_thresholds(distance: Floats, labels: NDArray[np.int64], k: int) -> Floats:
    """Compute the log distance of each segment above which a customer is an outlier.

    Q3 + 3 IQR of its members.

    Parameters
    ----------
    distance
        Shape (n,), of the training customers to their nearest center.
    labels
        Shape (n,), their segments.
    k
        The number of segments.

    Returns
    -------
    ndarray
        Shape (k,). A segment with fewer than 30 members at a positive distance gets the fence of
        all customers; inf if every distance is 0.
    """

    @cache
    def threshold_of_all() -> float:
        return _outlier_threshold(_logs(distance))

    thresholds = np.empty(k)
    for segment in range(k):
        logs = _logs(distance[labels == segment])
        has_enough = len(logs) >= MIN_MEMBERS
        thresholds[segment] = _outlier_threshold(logs) if has_enough else threshold_of_all()
    return thresholds


def _logs(distance: Floats) -> Floats:
    positive = distance[distance > 0]
    return np.log(positive, out=positive)


def _coordinate(
    feature: Feature, steps: dict[str, Any], position: slice, centers: Floats
) -> Coordinate:
    stretch = float(feature.weight**0.5)
    if feature.kind == "numeric":
        return _numeric(feature.name, steps, position.start, stretch)
    vectors = (
        np.vstack([categorical.vectors(steps), np.zeros(position.stop - position.start)]) * stretch
    )
    differences = vectors[:, None, :] - centers[None, :, position]
    return CategoricalFeature(
        name=feature.name,
        categories=tuple(categorical.categories(steps)),
        distances=np.einsum("cmd,cmd->cm", differences, differences),
    )


def _numeric(name: str, steps: dict[str, Any], position: int, stretch: float) -> NumericFeature:
    center, scale = numeric.center_and_scale(steps)
    clip = steps["clip"].kw_args
    return NumericFeature(
        name=name,
        position=position,
        impute=float(steps["impute"].statistics_[0]),
        low=clip["a_min"],
        high=clip["a_max"],
        log="log" in steps,
        log_factor=numeric.log_factor(steps),
        center=center,
        scale=scale,
        stretch=stretch,
    )


def _outlier_threshold(log_distance: Floats) -> float:
    if not len(log_distance):
        return np.inf
    q1, q3 = np.quantile(log_distance, [0.25, 0.75]).tolist()
    return fences(q1, q3, OUTER_FENCE)[1] if q1 < q3 else float(log_distance.max())
