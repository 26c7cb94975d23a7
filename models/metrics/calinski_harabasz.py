"""Caliński-Harabasz: variance between segments against variance within."""

from sklearn.metrics import calinski_harabasz_score

from models.metrics.clustered import Clustered, comparable


def calinski_harabasz(clustered: Clustered) -> float | None:
    """Divide the variance between segments by that within (Caliński & Harabasz 1974); higher is better."""
    if not comparable(clustered.labels):
        return None
    return float(calinski_harabasz_score(clustered.points, clustered.labels))
