"""What a fit is asked for, on the wire."""

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, Strict, Tag

from models.algorithms import KMeans
from service.training.operations import Cut, FitSpec
from service.web.feature_schemas import (
    AlgorithmIn,
    Auto,
    DatasetVersion,
    Features,
    FewestSegments,
    LeastShare,
    MostSegments,
    Seed,
    dump_features,
)
from service.web.schemas import Integer, Name, RequestModel


def _form(k: object) -> str:
    return "auto" if isinstance(k, str) else "number"


K = Annotated[
    Annotated[Integer, Field(ge=1, le=1000), Tag("number")] | Annotated[Auto, Tag("auto")],
    Discriminator(_form),
    Field(description="The number of segments; `auto` recommends one first, and takes it.", examples=[5]),
]


class ModelCreate(RequestModel):
    """A new model: a dataset, an algorithm, a number of segments."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "my-segments",
                    "dataset": "sample",
                    "algorithm": {"name": "kmeans"},
                    "k": 5,
                    "features": ["Annual Income (k$)", "Spending Score (1-100)"],
                },
                {"name": "chosen-segments", "dataset": "sample", "k": "auto", "k_max": 10},
            ],
        }
    )

    name: Name
    dataset: Name
    dataset_version: DatasetVersion = None
    algorithm: AlgorithmIn = Field(default_factory=KMeans, description="Absent: K-Means.")
    k: K | None = None
    k_min: FewestSegments | None = None
    k_max: MostSegments | None = None
    min_share: LeastShare | None = None
    features: Features | None = None
    seed: Seed = 0

    def asked(self) -> FitSpec:
        """Give what is asked, without its name."""
        return _asked(self)


class VersionCreate(RequestModel):
    """A further version: what is absent is as in the version that it follows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    dataset: Name | None = None
    dataset_version: DatasetVersion = None
    algorithm: AlgorithmIn | None = None
    k: K | None = None
    k_min: FewestSegments | None = None
    k_max: MostSegments | None = None
    min_share: LeastShare | None = None
    features: Features | None = None
    seed: Seed | None = None

    def asked(self) -> FitSpec:
        """Give what is asked otherwise than before."""
        return _asked(self)


class CutCreate(RequestModel):
    """Another cut of a tree: into how many segments, or at which distance; one of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    k: Annotated[Integer, Field(ge=1, le=1000)] | None = None
    distance: Annotated[float, Strict()] | None = Field(
        default=None, gt=0, description="In the units of the tree's heights, as `GET …/tree` shows them."
    )

    def asked(self) -> Cut:
        """Give where to cut."""
        return Cut(k=self.k, distance=self.distance)


def _asked(request: ModelCreate | VersionCreate) -> FitSpec:
    return FitSpec(
        dataset=request.dataset,
        dataset_version=request.dataset_version,
        algorithm=request.algorithm,
        k=request.k,
        limits=request.model_dump(include={"k_min", "k_max", "min_share"}, exclude_none=True),
        features=dump_features(request.features),
        seed=request.seed,
    )
