"""Segments on the wire."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints
from typing_extensions import TypeAliasType

from service.registry.rows import ProfileRow, SegmentRow
from service.web.schemas import RequestModel, ResponseModel, Text

Shares = TypeAliasType("Shares", dict[str, float])


class Difference(ResponseModel):
    """Something that sets a segment apart."""

    feature: str
    category: str | None = Field(default=None, description="The category whose share differs most.")
    here: float = Field(description="The median, or the category's share, in the segment.")
    overall: float = Field(description="The same of all customers.")
    effect: float = Field(description="In standard deviations; for a category Cohen's h.")


class Rule(ResponseModel):
    """Whom the segment holds, roughly, in one sentence."""

    text: str
    precision: float | None = Field(description="Share of those it names who belong, measured out of fold.")
    recall: float | None = Field(description="Share of those who belong that it names, measured out of fold.")


class Segment(ResponseModel):
    """A group as the business sees it; its id belongs to the model and outlives the version."""

    segment: str
    index: int = Field(description="What the joblib file predicts for its customers.")
    name: str
    description: str | None
    n_customers: int
    share: float
    typical: dict[str, float | Shares | None] = Field(
        description="In own units: the median of a number, the shares of a category's values.",
    )
    differs_by: list[Difference]
    rule: Rule | None
    stability: float | None = Field(
        default=None,
        description="How well it comes back when the customers are drawn again, from 0 to 1: highly stable from 0.85, "
        "valid from 0.75, unsure from 0.6, not to be trusted below. Null: not measured, as for the only segment.",
    )

    @classmethod
    def of(cls, profile: ProfileRow, segment: SegmentRow) -> Self:
        """Show a segment as one version sees it."""
        own: dict[str, Any] = {"segment": segment.id, "index": profile.index, "description": segment.description}
        return cls.model_validate({**profile.profile, **own, "name": segment.name or profile.name})


class SegmentList(ResponseModel):
    """The segments of a version, by index."""

    model: str
    version: int
    segments: list[Segment]


class SegmentChange(RequestModel):
    """A name and a description that stay with the segment over versions; null takes the given one back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Bargain hunters", "description": "Little money, much shopping."}]}
    )

    name: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    description: Annotated[Text, StringConstraints(max_length=2000)] | None = None


class NamedSegment(ResponseModel):
    """What a person has called a segment."""

    segment: str
    name: str | None = Field(description="Null: each version's own description serves as the name.")
    description: str | None

    @classmethod
    def of(cls, segment: SegmentRow) -> Self:
        """Show what a person has called a segment."""
        return cls(segment=segment.id, name=segment.name, description=segment.description)
