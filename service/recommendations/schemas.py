"""Recommendations on the wire."""

from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from models.algorithms import Algorithm, KMeans
from models.criteria import CRITERIA, CriterionName
from service.datasets.rows import DatasetRow
from service.recommendations.operations import RecommendationLimits, RecommendationSpec
from service.recommendations.rows import RecommendationRow
from service.web.feature_schemas import (
    AlgorithmIn,
    DatasetVersion,
    FeatureOut,
    Features,
    FewestSegments,
    LeastShare,
    MostSegments,
    Seed,
    dump_features,
)
from service.web.schemas import Page, RequestModel, ResponseModel

Criterion = TypeAliasType("Criterion", CriterionName)  # type: ignore[valid-type]  # computed from the criteria's names
Probabilities = TypeAliasType("Probabilities", dict[str, float])


class RecommendationCreate(RequestModel):
    """Of what, for which algorithm, and within which limits to recommend a number of segments."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"features": ["Annual Income (k$)", "Spending Score (1-100)"], "k_max": 10},
                {"algorithm": {"name": "hierarchical"}, "k_min": 2, "k_max": 8, "min_share": 0.05},
            ]
        }
    )

    dataset_version: DatasetVersion = None
    algorithm: AlgorithmIn = Field(default_factory=KMeans, description="Absent: K-Means.")
    features: Features | None = None
    k_min: FewestSegments = RecommendationLimits.k_min
    k_max: MostSegments = RecommendationLimits.k_max
    min_share: LeastShare = RecommendationLimits.min_share
    criteria: list[Criterion] | None = Field(
        default=None,
        min_length=1,
        max_length=len(CRITERIA),
        description="Whose verdicts to give. Absent: all.",
    )
    seed: Seed = 0

    def asked(self) -> RecommendationSpec:
        """Give what is asked."""
        return RecommendationSpec(
            dataset_version=self.dataset_version,
            algorithm=self.algorithm,
            features=dump_features(self.features),
            limits=RecommendationLimits(k_min=self.k_min, k_max=self.k_max, min_share=self.min_share),
            criteria=self.criteria,
            seed=self.seed,
        )


class Verdict(ResponseModel):
    """What one criterion says on its own."""

    criterion: str
    k: int | None = Field(description="The number of segments it would choose; null where it can say nothing.")
    scores: dict[str, float] = Field(description="Its figure for each k that it is defined for.")
    errors: dict[str, float] = Field(description="The standard error of each figure that has one.")
    higher_is_better: bool


class Recommendation(ResponseModel):
    """How many segments a dataset holds, and how sure that is."""

    recommendation: str
    dataset: str
    dataset_version: int
    algorithm: Algorithm
    features: list[FeatureOut]
    k_min: int
    k_max: int
    min_share: float
    seed: int
    k: int = Field(description="The best number of segments within the limits.")
    probability: float | None = Field(description="That `k` is right; null where too little is known to say.")
    credible_set: list[int] = Field(
        description="The fewest numbers of segments that hold the right one with 90 %, the most probable first."
    )
    probabilities: Probabilities | None = Field(description="Of each number of segments, whatever the limits.")
    text: str = Field(description="The advice in a sentence.")
    verdicts: list[Verdict]
    n_customers: int = Field(description="How many customers have a known feature.")
    n_sampled: int = Field(description="How many of them the advice is drawn from.")
    n_measured: int | None = Field(
        default=None,
        description="How many of them the figures of `knee`, `silhouette`, `calinski_harabasz` and `davies_bouldin` "
        "are of; null for answers from before these were told apart.",
    )
    warnings: list[str]
    job: str
    created_at: datetime

    @classmethod
    def of(cls, dataset: DatasetRow, row: RecommendationRow) -> Self:
        """Show a recommendation: what was asked, and the answer."""
        own: dict[str, Any] = {
            "recommendation": row.id,
            "dataset": dataset.name,
            "dataset_version": row.dataset_version,
            "job": row.job_id,
            "created_at": row.created_at,
        }
        return cls.model_validate({**row.question, **row.question["limits"], **(row.answer or {}), **own})


class RecommendationList(Page):
    """Recommendations for a dataset, the newest first."""

    recommendations: list[Recommendation]
