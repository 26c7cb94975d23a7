"""Silhouette: how much nearer customers are to their own segment than to the next one."""

from models.kernels.mean_silhouettes import mean_silhouettes
from models.metrics.clustered import MetricInput, comparable


def silhouette(clustered: MetricInput) -> float | None:
    """Average over customers, from -1 to 1 (Rousseeuw 1987); over 4,096 of them where there are more than 20,000.

    Undefined, and None, for one segment and where every customer is a segment of its own.
    """
    points, labels = clustered.points, clustered.labels
    if not comparable(labels):
        return None
    found = mean_silhouettes(points, [labels], clustered.seed)
    if found.n_asked < len(points):
        clustered.warn(
            f"the silhouette is measured on a random sample of {found.n_asked:,} customers: its standard error is "
            f"{found.errors[0]:.2g}"
        )
    return float(found.means[0])
