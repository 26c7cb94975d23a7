"""What a fit is asked for, on the wire."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, Strict, model_validator

from models.algorithms import Algorithm, Hierarchical, KMeans
from service.web.schemas import Name, Request

Seed = Annotated[int, Field(ge=0, lt=2**32, description="The same data, seed and parameters give the same segments.")]
K = Annotated[int, Field(ge=1, le=1000, description="The number of segments.", examples=[5])]


class FeatureIn(Request):
    """How a column is used."""

    name: str = Field(description="The column.")
    scale: Literal["auto", "standard", "robust", "none"] = "auto"
    log: Literal["auto"] | Annotated[bool, Strict()] = Field(
        default="auto",
        description="Whether to take the logarithm; `auto` takes it from skewed columns that it makes less skewed.",
    )
    weight: Annotated[float, Strict()] = Field(
        default=1.0,
        gt=0,
        le=1e6,
        description="Multiplies the squared distance in this column.",
    )


Features = Annotated[
    list[Annotated[str, Strict()] | FeatureIn],
    Field(min_length=1, description="The columns to cluster by. Absent: every numeric and categorical one."),
]
AlgorithmIn = Annotated[Algorithm, Field(discriminator="name")]


class ModelCreate(Request):
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
            ],
        }
    )

    name: Name
    dataset: Name
    dataset_version: int | None = Field(default=None, ge=1, description="Absent: the newest.")
    algorithm: AlgorithmIn = KMeans()
    k: K | None = None
    features: Features | None = None
    seed: Seed = 0

    @model_validator(mode="after")
    def _cut_in_one_way(self) -> Self:
        require_one_cut(self.algorithm, self.k)
        return self


class VersionCreate(Request):
    """A further version: what is absent is as in the version that it follows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    dataset: Name | None = None
    dataset_version: int | None = Field(default=None, ge=1, description="Absent: the newest.")
    algorithm: AlgorithmIn | None = None
    k: K | None = None
    features: Features | None = None
    seed: Seed | None = None


def require_one_cut(algorithm: Algorithm, k: int | None) -> None:
    """Require either a number of segments or a distance to cut a tree at."""
    distance = isinstance(algorithm, Hierarchical) and algorithm.distance is not None
    if distance and k is not None:
        raise ValueError("give either k or algorithm.distance, not both")
    if not distance and k is None:
        raise ValueError("k is missing")
