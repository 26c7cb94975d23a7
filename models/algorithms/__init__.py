"""The algorithms: a new one is one file here and its name in the line below."""

from models.algorithms.base import ClusteringResult
from models.algorithms.hierarchical import Hierarchical
from models.algorithms.kmeans import KMeans

Algorithm = KMeans | Hierarchical

__all__ = ["Algorithm", "ClusteringResult", "Hierarchical", "KMeans"]
