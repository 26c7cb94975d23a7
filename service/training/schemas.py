"""Request bodies of fits and cuts."""

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, Strict, Tag

from models.algorithms import KMeans
from service.training.operations import Cut, FitSpec
from service.web.feature_schemas import (
    AlgorithmIn,
    Auto,
    DatasetVersion,
    Features,
    MaxSegments,
    MinSegments,
    MinShare,
    Seed,
    dump_features,
)
from service.web.schemas import Integer, Name, RequestModel


def _form(k: object) -> str:
    return "auto" if isinstance(k, str) else "number"


K = Annotated[
    Annotated[Integer, Field(ge=1, le=1000), Tag("number")] | Annotated[Auto, Tag("auto")],
    Discriminator(_form),
    Field(
        description="The number of segments. With `auto` the fit uses the recommended number.",
        examples=[5],
    ),
]


class ModelCreate(RequestModel):
    """New model: a dataset, an algorithm, and a number of segments."""

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
    algorithm: AlgorithmIn = Field(
        default_factory=KMeans, description="The clustering algorithm. Defaults to K-Means."
    )
    k: K | None = None
    k_min: MinSegments | None = None
    k_max: MaxSegments | None = None
    min_share: MinShare | None = None
    features: Features | None = None
    seed: Seed = 0

    def to_spec(self) -> FitSpec:
        return _build_spec(self)


class VersionCreate(RequestModel):
    """Further version of a model; absent fields are inherited from its base version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    dataset: Name | None = None
    dataset_version: DatasetVersion = None
    algorithm: AlgorithmIn | None = None
    k: K | None = None
    k_min: MinSegments | None = None
    k_max: MaxSegments | None = None
    min_share: MinShare | None = None
    features: Features | None = None
    seed: Seed | None = None

    def to_spec(self) -> FitSpec:
        return _build_spec(self)


class CutCreate(RequestModel):
    """Cut of a tree; set either the number of segments or the distance."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    k: Annotated[Integer, Field(ge=1, le=1000)] | None = None
    distance: Annotated[float, Strict()] | None = Field(
        default=None,
        gt=0,
        description="The height at which to cut, in the units of the heights in `GET …/tree`.",
    )

    def to_cut(self) -> Cut:
        return Cut(k=self.k, distance=self.distance)


def _build_spec(request: ModelCreate | VersionCreate) -> FitSpec:
    return FitSpec(
        dataset=request.dataset,
        dataset_version=request.dataset_version,
        algorithm=request.algorithm,
        k=request.k,
        limits=request.model_dump(include={"k_min", "k_max", "min_share"}, exclude_none=True),
        features=dump_features(request.features),
        seed=request.seed,
    )
