"""Request and response bodies of recommendations."""

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
    MaxSegments,
    MinSegments,
    MinShare,
    Seed,
    dump_features,
)
from service.web.schemas import Page, RequestModel, ResponseModel

Criterion = TypeAliasType("Criterion", CriterionName)  # type: ignore[valid-type]  # computed from the criteria's names
Probabilities = TypeAliasType("Probabilities", dict[str, float])


class RecommendationCreate(RequestModel):
    """Parameters of a recommendation: features, algorithm, and limits on the number of segments."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"features": ["Annual Income (k$)", "Spending Score (1-100)"], "k_max": 10},
                {"algorithm": {"name": "hierarchical"}, "k_min": 2, "k_max": 8, "min_share": 0.05},
            ]
        }
    )

    dataset_version: DatasetVersion = None
    algorithm: AlgorithmIn = Field(
        default_factory=KMeans, description="The algorithm to recommend for. Defaults to K-Means."
    )
    features: Features | None = None
    k_min: MinSegments = RecommendationLimits.k_min
    k_max: MaxSegments = RecommendationLimits.k_max
    min_share: MinShare = RecommendationLimits.min_share
    criteria: list[Criterion] | None = Field(
        default=None,
        min_length=1,
        max_length=len(CRITERIA),
        description="The criteria whose verdicts to return. Defaults to all.",
    )
    seed: Seed = 0

    def to_spec(self) -> RecommendationSpec:
        return RecommendationSpec(
            dataset_version=self.dataset_version,
            algorithm=self.algorithm,
            features=dump_features(self.features),
            limits=RecommendationLimits(
                k_min=self.k_min, k_max=self.k_max, min_share=self.min_share
            ),
            criteria=self.criteria,
            seed=self.seed,
        )


class Verdict(ResponseModel):
    """Verdict of a single criterion."""

    criterion: str
    k: int | None = Field(
        description="The number of segments that the criterion prefers; null if it prefers none."
    )
    scores: dict[str, float] = Field(description="The score by k, where it is defined.")
    errors: dict[str, float] = Field(
        description="The standard error of the score by k, where it is defined."
    )
    higher_is_better: bool


class Recommendation(ResponseModel):
    """Recommendation of a number of segments, with its probability."""

    recommendation: str
    dataset: str
    dataset_version: int
    algorithm: Algorithm
    features: list[FeatureOut]
    k_min: int
    k_max: int
    min_share: float
    seed: int
    k: int = Field(description="The recommended number of segments within the limits.")
    probability: float | None = Field(
        description="The probability that `k` is right; null if it cannot be estimated."
    )
    credible_set: list[int] = Field(
        description="The fewest numbers of segments that include the right one with 90 % "
        "probability, likeliest first."
    )
    probabilities: Probabilities | None = Field(
        description="The probability of each number of segments up to `k_max`. The limits do not "
        "change it."
    )
    text: str = Field(description="The recommendation in a sentence.")
    verdicts: list[Verdict]
    n_customers: int = Field(description="Number of customers with at least one known feature.")
    n_sampled: int = Field(
        description="Size of the sample of them that the recommendation is based on."
    )
    n_measured: int | None = Field(
        default=None,
        description="Number of customers that the scores of `knee`, `silhouette`, "
        "`calinski_harabasz` and "
        "`davies_bouldin` were computed on; null for recommendations of earlier releases.",
    )
    warnings: list[str]
    job: str
    created_at: datetime

    @classmethod
    def of(cls, dataset: DatasetRow, row: RecommendationRow) -> Self:
        """Build the response from a finished recommendation."""
        own: dict[str, Any] = {
            "recommendation": row.id,
            "dataset": dataset.name,
            "dataset_version": row.dataset_version,
            "job": row.job_id,
            "created_at": row.created_at,
        }
        return cls.model_validate(
            {**row.question, **row.question["limits"], **(row.answer or {}), **own}
        )


class RecommendationList(Page):
    """Page of recommendations of a dataset, newest first."""

    recommendations: list[Recommendation]
