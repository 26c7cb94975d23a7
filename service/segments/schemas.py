"""Request and response bodies of segments."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, computed_field
from typing_extensions import TypeAliasType

from models.differences import describe_difference
from service.registry.rows import ProfileRow, SegmentRow
from service.web.schemas import RequestModel, ResponseModel, Text

Measure = Literal["median", "mean", "share", "share_nonzero"]
Shares = TypeAliasType("Shares", dict[str, float])


def _earlier_measure(difference: dict[str, Any]) -> Measure:
    """Return the measure of a difference that an earlier release has stored without it."""
    return "median" if difference.get("category") is None else "share"


class Difference(ResponseModel):
    """Feature in which a segment differs from all customers."""

    feature: str
    category: str | None = Field(default=None, description="The category whose share differs most.")
    here: float = Field(description="The figure in the segment, as defined by `measure`.")
    overall: float = Field(description="The same of all customers.")
    effect: float = Field(description="In standard deviations; for a share Cohen's h.")
    measure: Measure = Field(
        default_factory=_earlier_measure,
        description="`share`: of the category. `share_nonzero`: of those who have any, where most "
        "of all customers have zero. `mean`: where the medians are alike.",
    )
    phrase: str | None = Field(
        default=None, description="A number in words, as names have it, such as `high spending`."
    )

    @computed_field(description="The same as a sentence.")  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """Describe the difference."""
        return describe_difference(dict(self))


class Rule(ResponseModel):
    """Approximate description of the segment by a simple rule."""

    text: str
    precision: float | None = Field(
        description="The share of customers matching the rule that are in the segment, measured "
        "out of fold."
    )
    recall: float | None = Field(
        description="The share of customers in the segment that match the rule, measured out of "
        "fold."
    )


class Segment(ResponseModel):
    """Segment of a version; its id belongs to the model and is kept across versions."""

    segment: str
    index: int = Field(description="The label that the joblib pipeline predicts for this segment.")
    name: str
    description: str | None
    n_customers: int
    share: float
    typical: dict[str, float | Shares | None] = Field(
        description="In own units: the median of a number, the shares of a category's values; null "
        "where most members have none.",
    )
    differs_by: list[Difference]
    rule: Rule | None
    stability: float | None = Field(
        default=None,
        description="Bootstrap stability (mean Jaccard similarity) from 0 to 1: highly stable from "
        "0.85, valid from "
        "0.75, doubtful from 0.6, unstable below. Null if not measured, as for a single segment.",
    )

    @classmethod
    def of(cls, profile: ProfileRow, segment: SegmentRow) -> Self:
        """Build the response from a segment and its profile in a version."""
        own: dict[str, Any] = {
            "segment": segment.id,
            "index": profile.index,
            "description": segment.description,
        }
        return cls.model_validate({**profile.profile, **own, "name": segment.name or profile.name})


class SegmentList(ResponseModel):
    """Segments of a version, ordered by index."""

    model: str
    version: int
    segments: list[Segment]


class SegmentChange(RequestModel):
    """Name and description of a segment; null resets the field."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Bargain hunters", "description": "Little money, much shopping."}]
        }
    )

    name: (
        Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
        | None
    ) = None
    description: Annotated[Text, StringConstraints(max_length=2000)] | None = None


class NamedSegment(ResponseModel):
    """Name and description that were set for a segment."""

    segment: str
    name: str | None = Field(
        description="Null: the name that each version derives from its profile is used."
    )
    description: str | None

    @classmethod
    def of(cls, segment: SegmentRow) -> Self:
        return cls(segment=segment.id, name=segment.name, description=segment.description)
