"""The figures: a new one is one file here and its name in one of the lists below."""

from typing import Final

from models.figures.customers_2d import Customers2D
from models.figures.customers_3d import Customers3D
from models.figures.figure import EXTENSIONS, Extension, Figure, render
from models.figures.silhouette import Silhouettes
from models.figures.sizes import Sizes
from models.figures.subjects import Customers, Explored, Judged, Segment, Segmented

__all__ = [
    "EXTENSIONS",
    "OF_DATASETS",
    "OF_RECOMMENDATIONS",
    "OF_VERSIONS",
    "Customers",
    "Explored",
    "Extension",
    "Figure",
    "Judged",
    "Segment",
    "Segmented",
    "render",
]

OF_DATASETS: Final[tuple[Figure[Explored], ...]] = ()
OF_RECOMMENDATIONS: Final[tuple[Figure[Judged], ...]] = ()
OF_VERSIONS: Final[tuple[Figure[Segmented], ...]] = (Customers2D(), Customers3D(), Sizes(), Silhouettes())
