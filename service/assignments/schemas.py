"""Customers in, segments out."""

from pydantic import Field, JsonValue
from typing_extensions import TypeAliasType

from service.web.problems import Fault
from service.web.schemas import Header, RequestModel, ResponseModel

UnknownCategories = TypeAliasType("UnknownCategories", dict[str, str])


class AssignmentRequest(RequestModel):
    """The customers to place; columns that the model does not use are ignored."""

    customers: list[dict[Header, JsonValue]] = Field(min_length=1)


class OutlierReason(ResponseModel):
    """What is unusual about a customer."""

    feature: str | None = Field(description="Null: the customer as a whole is far from its segment.")
    detail: str


class Reason(ResponseModel):
    """How much a feature speaks for the segment and against the runner-up; the contributions add up to the margin."""

    feature: str
    value: float | str | None
    contribution: float


class Assignment(ResponseModel):
    """A customer placed in a segment."""

    row: int = Field(description="The customer's place in the request, counting from 1.")
    customer_id: str | None
    segment: str
    segment_name: str
    distance: float = Field(description="To the nearest center, in prepared units.")
    runner_up: str | None = Field(description="The next best segment; null if there is only one.")
    margin: float | None = Field(description="From 0 on the border to the runner-up to 1 at the center.")
    outlier: bool = Field(description="Whether the customer is unlike those the segments were learned from.")
    outlier_reasons: list[OutlierReason] | None = None
    imputed: list[str] | None = Field(default=None, description="The features that were missing.")
    unknown: UnknownCategories | None = Field(default=None, description="Categories that the model has not learned.")
    reasons: list[Reason] | None = None


class Rejected(ResponseModel):
    """A customer that could not be placed."""

    row: int
    customer_id: str | None
    errors: list[Fault]


class AssignmentResults(ResponseModel):
    """Every customer of the request, placed or rejected, in the request's order."""

    model: str
    version: int
    assignments: list[Assignment]
    rejected: list[Rejected]
    warnings: list[str]
