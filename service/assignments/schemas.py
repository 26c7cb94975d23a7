"""Customers in, segments out."""

from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from service.web.openapi import SAMPLE_ROW
from service.web.problems import Fault
from service.web.schemas import Request, Wire


class AssignmentRequest(Request):
    """The customers to place; columns that the model does not use are ignored."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customers": [SAMPLE_ROW]}]})

    customers: list[dict[str, JsonValue]] = Field(
        min_length=1,
        description="One object for each customer: its id, under `customer_id` or the dataset's own name for it, "
        "and its features. What is missing is imputed, and named in the answer.",
    )


class OutlierReason(Wire):
    """What is unusual about a customer."""

    feature: str | None = Field(description="Null: the customer as a whole is far from its segment.")
    detail: str


class Reason(Wire):
    """How much a feature speaks for the segment and against the runner-up; the contributions add up to the margin."""

    feature: str
    value: float | str | None
    contribution: float


class Assignment(Wire):
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
    unknown: dict[str, str] | None = Field(default=None, description="Categories that the model has never seen.")
    reasons: list[Reason] | None = None


class Rejected(Wire):
    """A customer that could not be placed."""

    row: int
    customer_id: str | None
    errors: list[Fault]


class Assignments(Wire):
    """Every customer of the request, placed or rejected, in the request's order."""

    model: str
    version: int
    assignments: list[Assignment]
    rejected: list[Rejected]
    warnings: list[str]

    def plain(self) -> dict[str, Any]:
        """Give the body to send; what does not apply to an assignment is left out of it."""
        optional = {"outlier_reasons", "imputed", "unknown", "reasons"}
        body = self.model_dump(exclude={"assignments"})
        body["assignments"] = [
            assignment.model_dump(exclude={name for name in optional if getattr(assignment, name) is None})
            for assignment in self.assignments
        ]
        return body
