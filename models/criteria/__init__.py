"""Criteria for the number of segments.

To add one, add its class in a file here and to the union `Criterion`.
"""

from typing import Final, Literal, get_args

from models.criteria.base import Verdict
from models.criteria.bootstrap_stability import BootstrapStability
from models.criteria.calinski_harabasz import CalinskiHarabasz
from models.criteria.data import CriterionData
from models.criteria.davies_bouldin import DaviesBouldin
from models.criteria.dendrogram_gap import DendrogramGap
from models.criteria.dip import Dip
from models.criteria.g_means import GMeans
from models.criteria.gap import Gap, GapPCA
from models.criteria.knee import Knee
from models.criteria.mixture import MixtureBIC, MixtureICL
from models.criteria.prediction_strength import PredictionStrength
from models.criteria.silhouette import Silhouette, WardSilhouette
from models.criteria.valley_depth import ValleyDepth

Criterion = (
    Knee
    | Silhouette
    | WardSilhouette
    | CalinskiHarabasz
    | DaviesBouldin
    | Gap
    | GapPCA
    | PredictionStrength
    | BootstrapStability
    | ValleyDepth
    | Dip
    | GMeans
    | MixtureBIC
    | MixtureICL
    | DendrogramGap
)
CRITERIA: Final[tuple[Criterion, ...]] = tuple(criterion() for criterion in get_args(Criterion))
CriterionName = Literal[tuple(criterion.name for criterion in CRITERIA)]  # type: ignore[valid-type]  # computed from the names

__all__ = ["CRITERIA", "Criterion", "CriterionData", "CriterionName", "Verdict"]
