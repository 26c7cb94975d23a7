"""Request and response fields shared by fits and recommendations.

Features, algorithm, seed, limits.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Discriminator, Field, Strict, Tag, WithJsonSchema
from typing_extensions import TypeAliasType

from models.algorithms import Algorithm
from service.web.schemas import Header, Integer, RequestModel, ResponseModel

SWITCHES: Final = {
    field.name for kind in get_args(Algorithm) for field in fields(kind) if field.type is bool
}

DatasetVersion = Annotated[
    Integer | None, Field(ge=1, lt=2**31, description="The dataset version; by default the newest.")
]
Seed = Annotated[
    Integer,
    Field(ge=0, lt=2**32, description="The same data, seed and parameters give the same segments."),
]
MinSegments = Annotated[Integer, Field(ge=1, le=30, description="The minimum number of segments.")]
MaxSegments = Annotated[Integer, Field(ge=1, le=30, description="The maximum number of segments.")]
MinShare = Annotated[
    float,
    Strict(),
    Field(ge=0, le=0.5, description="The minimum share of the customers in each segment."),
]

# An enum rather than a const: generated clients reject all other values where a const is part of a
# union.
Auto = TypeAliasType(
    "Auto",
    Annotated[
        Literal["auto"], WithJsonSchema({"type": "string", "enum": ["auto"], "title": "Auto"})
    ],
)


class FeatureIn(RequestModel):
    """How a column is used."""

    name: Header = Field(description="The name of the column.")
    scale: Literal["auto", "standard", "robust", "none"] = "auto"
    log: Auto | Annotated[bool, Strict()] = Field(
        default="auto",
        description="Whether to take the logarithm; `auto` takes it from skewed columns that it "
        "makes less skewed.",
    )
    weight: Annotated[float, Strict()] = Field(
        default=1.0,
        gt=0,
        le=1e6,
        description="Multiplies the squared distance in this column.",
    )


class FeatureOut(ResponseModel):
    """A column as used by a version."""

    name: str
    kind: Literal["numeric", "categorical"]
    scale: Literal["auto", "standard", "robust", "none"]
    log: Auto | bool = Field(description="`auto` until a fit has decided.")
    weight: float
    categories: list[str] | None = Field(
        default=None,
        description="The categories learned by the fit: those of enough customers, or those of the "
        "previous version.",
    )


def _feature_tag(feature: object) -> str:
    return "object" if isinstance(feature, dict | FeatureIn) else "name"


FeatureChoice = Annotated[
    Annotated[Header, Strict(), Tag("name")] | Annotated[FeatureIn, Tag("object")],
    Discriminator(_feature_tag),
]
Features = Annotated[
    list[FeatureChoice],
    Field(
        min_length=1,
        description="The columns to cluster by; by default all numeric and categorical ones.",
    ),
]


def _reject_coercions(algorithm: object) -> object:
    """Refuse values that lax validation would coerce between booleans, strings and numbers."""
    for name, value in algorithm.items() if isinstance(algorithm, dict) else ():
        if name in SWITCHES:
            if not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")
        elif isinstance(value, bool) or (isinstance(value, str) and _is_number(value)):
            raise ValueError(f"{name} must be a number")
    return algorithm


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


AlgorithmIn = Annotated[Algorithm, Field(discriminator="name"), BeforeValidator(_reject_coercions)]


def dump_features(features: Sequence[str | FeatureIn] | None) -> list[dict[str, object]] | None:
    """Return the settings of each feature as a dictionary."""
    if features is None:
        return None
    return [
        {"name": feature} if isinstance(feature, str) else feature.model_dump()
        for feature in features
    ]
