"""Davies-Bouldin: how much each segment overlaps the one most like it."""

from sklearn.metrics import davies_bouldin_score

from models.metrics.clustered import Clustered, comparable


def davies_bouldin(clustered: Clustered) -> float | None:
    """Average over segments the width of the worst pair over its distance (Davies & Bouldin 1979); lower is better."""
    if not comparable(clustered.labels):
        return None
    return float(davies_bouldin_score(clustered.points, clustered.labels))
