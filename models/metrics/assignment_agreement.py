"""Assignment agreement.

Share of customers that the scorer assigns as the algorithm did during the fit.
"""

import numpy as np

from models.metrics.clustered import MetricInput


def assignment_agreement(clustered: MetricInput) -> float | None:
    """Return the share of customers assigned to the segment of their branch.

    None for an algorithm without a tree.
    """
    if clustered.learned.labels is None:
        return None
    return float(np.mean(clustered.learned.labels == clustered.labels))
