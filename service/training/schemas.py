"""What a fit is asked for, on the wire."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag

from models.algorithms import Algorithm, KMeans
from service.stores.database import JsonObject
from service.training.operations import Asked
from service.web.schemas import Integer, Name, Request

Seed = Annotated[
    Integer, Field(ge=0, lt=2**32, description="The same data, seed and parameters give the same segments.")
]
K = Annotated[Integer, Field(ge=1, le=1000, description="The number of segments.", examples=[5])]


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


def _form(feature: object) -> str:
    return "object" if isinstance(feature, dict | FeatureIn) else "name"


FeatureChoice = Annotated[
    Annotated[str, Strict(), Tag("name")] | Annotated[FeatureIn, Tag("object")],
    Discriminator(_form),
]
Features = Annotated[
    list[FeatureChoice],
    Field(min_length=1, description="The columns to cluster by. Absent: every numeric and categorical one."),
]


def _without_disguise(algorithm: object) -> object:
    """Refuse booleans, and numbers that are spelled as text: lenient reading would take them for numbers."""
    for name, value in algorithm.items() if isinstance(algorithm, dict) else ():
        if isinstance(value, bool) or (isinstance(value, str) and _is_number(value)):
            raise ValueError(f"{name} must be a number")
    return algorithm


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


AlgorithmIn = Annotated[Algorithm, Field(discriminator="name"), BeforeValidator(_without_disguise)]


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
    dataset_version: Integer | None = Field(default=None, ge=1, lt=2**31, description="Absent: the newest.")
    algorithm: AlgorithmIn = KMeans()
    k: K | None = None
    features: Features | None = None
    seed: Seed = 0

    def asked(self) -> Asked:
        """Give what is asked, without its name."""
        return _asked(self)


class VersionCreate(Request):
    """A further version: what is absent is as in the version that it follows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"k": 4}]})

    dataset: Name | None = None
    dataset_version: Integer | None = Field(default=None, ge=1, lt=2**31, description="Absent: the newest.")
    algorithm: AlgorithmIn | None = None
    k: K | None = None
    features: Features | None = None
    seed: Seed | None = None

    def asked(self) -> Asked:
        """Give what is asked otherwise than before."""
        return _asked(self)


def _asked(request: ModelCreate | VersionCreate) -> Asked:
    return Asked(
        dataset=request.dataset,
        dataset_version=request.dataset_version,
        algorithm=request.algorithm,
        k=request.k,
        features=None if request.features is None else [_named(feature) for feature in request.features],
        seed=request.seed,
    )


def _named(feature: str | FeatureIn) -> JsonObject:
    return {"name": feature} if isinstance(feature, str) else feature.model_dump()
