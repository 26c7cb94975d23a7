"""Metrics of a fit.

To add one, add a file to this package and its function to the tuple `METRICS`.
"""

import math
from typing import Final

import numpy as np

from models.metrics.assignment_agreement import assignment_agreement
from models.metrics.calinski_harabasz import calinski_harabasz
from models.metrics.clustered import MetricInput
from models.metrics.davies_bouldin import davies_bouldin
from models.metrics.exact_ratio import exact_ratio
from models.metrics.inertia import inertia
from models.metrics.silhouette import silhouette

METRICS: Final = (
    inertia,
    silhouette,
    calinski_harabasz,
    davies_bouldin,
    assignment_agreement,
    exact_ratio,
)

__all__ = ["METRICS", "MetricInput", "measure"]


def measure(clustered: MetricInput) -> dict[str, float | None]:
    """Compute every metric, by name; None if it is undefined or not finite."""
    with np.errstate(over="ignore"):
        values = {metric.__name__: metric(clustered) for metric in METRICS}
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in values.items()
    }
