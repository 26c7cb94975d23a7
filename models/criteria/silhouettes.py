"""Silhouettes of many partitions of the same points."""

from collections.abc import Mapping

from models.criteria.base import by_k
from models.criteria.data import CriterionData
from models.criteria.partitions import Labels


def curve(
    evidence: CriterionData, partitions: Mapping[int, Labels]
) -> tuple[dict[int, float], dict[int, float]]:
    """Compute the mean silhouette and standard error of partitions with two or more segments."""
    from models.kernels.mean_silhouettes import mean_silhouettes  # noqa: PLC0415 - the api imports the criteria without numba

    several = {k: labels for k, labels in partitions.items() if k > 1}
    if not several:
        return {}, {}
    silhouettes = mean_silhouettes(evidence.points, list(several.values()), evidence.seed)
    return by_k(list(several), silhouettes.means), by_k(list(several), silhouettes.errors)
