"""Silhouette: distance of customers to their own segment compared with the next one."""

from models.kernels.mean_silhouettes import mean_silhouettes
from models.metrics.clustered import MetricInput, comparable


def silhouette(clustered: MetricInput) -> float | None:
    """Compute the mean silhouette, from -1 to 1 (Rousseeuw 1987).

    On a sample of 4,096 beyond 20,000 customers.

    None for a single segment, and if every customer is a segment of its own.
    """
    points, labels = clustered.points, clustered.labels
    if not comparable(labels):
        return None
    result = mean_silhouettes(points, [labels], clustered.seed)
    if result.n_asked < len(points):
        clustered.warn(
            f"the silhouette is measured on a random sample of {result.n_asked:,} customers: its "
            "standard error is "
            f"{result.errors[0]:.2g}"
        )
    return float(result.means[0])
