"""The algorithms: a new one is one file here and its name in the line below."""

from models.algorithms.hierarchical import Hierarchical
from models.algorithms.kmeans import KMeans
from models.algorithms.learned import Learned

Algorithm = KMeans | Hierarchical

__all__ = ["Algorithm", "Hierarchical", "KMeans", "Learned"]
