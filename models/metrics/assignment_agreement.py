"""Assignment agreement: does placing a customer say what the algorithm said while learning."""

import numpy as np

from models.metrics.clustered import MetricInput


def assignment_agreement(clustered: MetricInput) -> float | None:
    """Give the share of customers placed in the segment of their branch; None for an algorithm without a tree."""
    if clustered.learned.labels is None:
        return None
    return float(np.mean(clustered.learned.labels == clustered.labels))
