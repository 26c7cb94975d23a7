"""Request and response bodies of assignments."""

from pydantic import Field, JsonValue
from typing_extensions import TypeAliasType

from service.web.problems import Fault
from service.web.schemas import Header, RequestModel, ResponseModel

UnknownCategories = TypeAliasType("UnknownCategories", dict[str, str])


class AssignmentRequest(RequestModel):
    """The customers to assign; columns that the model does not use are ignored."""

    customers: list[dict[Header, JsonValue]] = Field(min_length=1)


class OutlierReason(ResponseModel):
    """A reason why a customer is an outlier."""

    feature: str | None = Field(
        description="The unusual feature; null if the customer as a whole is far from its segment."
    )
    detail: str


class Reason(ResponseModel):
    """The contribution of a feature to the margin between the segment and the runner-up.

    Contributions sum to it.
    """

    feature: str
    value: float | str | None
    contribution: float


class Assignment(ResponseModel):
    """A customer assigned to a segment."""

    row: int = Field(description="The customer's position in the request; rows start at 1.")
    customer_id: str | None
    segment: str
    segment_name: str
    distance: float = Field(description="The distance to the segment's center, in prepared units.")
    runner_up: str | None = Field(
        description="The second nearest segment; null if there is only one."
    )
    margin: float | None = Field(
        description="From 0 on the border to the runner-up to 1 at the center."
    )
    outlier: bool = Field(
        description="Whether the customer differs from those that the model was fitted on."
    )
    outlier_reasons: list[OutlierReason] | None = None
    imputed: list[str] | None = Field(
        default=None, description="The features that were missing and have been imputed."
    )
    unknown: UnknownCategories | None = Field(
        default=None, description="Categories that did not occur in the fit, by feature."
    )
    reasons: list[Reason] | None = None


class Rejected(ResponseModel):
    """A customer that could not be assigned."""

    row: int
    customer_id: str | None
    errors: list[Fault]


class AssignmentResults(ResponseModel):
    """The customers of the request, assigned or rejected, in the request's order."""

    model: str
    version: int
    assignments: list[Assignment]
    rejected: list[Rejected]
    warnings: list[str]
