"""Registry of figures: each is a module of this package and an entry in a tuple below.

A module is named after its kind of chart. Its `name` is the word in URLs: search for "moves" to
find the chart at `/figures/moves.svg`.
"""

from typing import Final

from models.figures.base import EXTENSIONS, Extension, Figure, render
from models.figures.box_plots import BoxPlots
from models.figures.comparison import ComparedSegment, ComparisonInput
from models.figures.correlations import Correlations
from models.figures.criterion_curves import Criteria
from models.figures.customers_2d import Customers2D
from models.figures.customers_3d import Customers3D
from models.figures.dendrogram import Dendrogram
from models.figures.distances import Distances
from models.figures.distributions import Distributions
from models.figures.gaps import Gaps
from models.figures.inertia import Inertia
from models.figures.inputs import (
    DatasetInput,
    RecommendationInput,
    SampledCustomers,
    Segment,
    VersionInput,
)
from models.figures.missing_values import MissingValues
from models.figures.probabilities import Probabilities
from models.figures.profile_heatmap import ProfileHeatmap
from models.figures.radar import Radar
from models.figures.sankey import Sankey
from models.figures.scatter_matrix import Pairs
from models.figures.silhouette import SilhouettePlot
from models.figures.sizes import Sizes
from models.figures.snake import Snake
from models.figures.transition_matrix import TransitionMatrix

__all__ = [
    "EXTENSIONS",
    "OF_COMPARISONS",
    "OF_DATASETS",
    "OF_RECOMMENDATIONS",
    "OF_VERSIONS",
    "ComparedSegment",
    "ComparisonInput",
    "DatasetInput",
    "Extension",
    "Figure",
    "RecommendationInput",
    "SampledCustomers",
    "Segment",
    "VersionInput",
    "render",
]

OF_COMPARISONS: Final[tuple[Figure[ComparisonInput], ...]] = (Sankey(), TransitionMatrix())
OF_DATASETS: Final[tuple[Figure[DatasetInput], ...]] = (
    Distributions(),
    MissingValues(),
    Correlations(),
    Pairs(),
)
OF_RECOMMENDATIONS: Final[tuple[Figure[RecommendationInput], ...]] = (
    Probabilities(),
    Criteria(),
    Inertia(),
    Gaps(),
)
OF_VERSIONS: Final[tuple[Figure[VersionInput], ...]] = (
    Customers2D(),
    Customers3D(),
    Sizes(),
    ProfileHeatmap(),
    Snake(),
    Radar(),
    BoxPlots(),
    SilhouettePlot(),
    Distances(),
    Dendrogram(),
)
