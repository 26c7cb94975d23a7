"""The algorithms: a new one is one file here and its name in the line below."""

from models.algorithms.base import Learned
from models.algorithms.hierarchical import Hierarchical
from models.algorithms.kmeans import KMeans

Algorithm = KMeans | Hierarchical

__all__ = ["Algorithm", "Hierarchical", "KMeans", "Learned"]
