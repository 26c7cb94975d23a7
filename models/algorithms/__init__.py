"""Clustering algorithms.

To add one, add a file to this package and its class to the union `Algorithm`.
"""

from models.algorithms.base import ClusteringResult
from models.algorithms.hierarchical import Hierarchical
from models.algorithms.kmeans import KMeans

Algorithm = KMeans | Hierarchical

__all__ = ["Algorithm", "ClusteringResult", "Hierarchical", "KMeans"]
