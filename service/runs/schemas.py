"""Runs and members on the wire."""

from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from service.jobs.rows import JobRow, State
from service.registry.rows import ModelRow
from service.runs.rows import RunRow
from service.web.schemas import Integer, Name, Page, RequestModel, ResponseModel

SegmentCounts = TypeAliasType("SegmentCounts", dict[str, int])
Member = TypeAliasType("Member", dict[str, str | float | bool | None])


class RunCreate(RequestModel):
    """The dataset to assign."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"dataset": "sample"}]})

    dataset: Name
    dataset_version: Integer | None = Field(
        default=None, ge=1, lt=2**31, description="Absent: the newest."
    )


class FeatureCounts(ResponseModel):
    """Numbers of assigned customers whose feature differs from the values of the fit."""

    imputed: int = Field(description="It was missing, and imputed by a typical value.")
    unknown: int = Field(description="Its category is not one that the model has learned.")
    outliers: int = Field(description="It lies beyond the usual values of the fit.")


FeatureFindings = TypeAliasType("FeatureFindings", dict[str, FeatureCounts])


class Run(ResponseModel):
    """An assignment run: all customers of a dataset, assigned by one version."""

    run: str
    model: str
    version: int
    dataset: str
    dataset_version: int
    state: State
    progress: float
    counts: SegmentCounts | None = Field(
        description="Number of customers in each segment, and of the `rejected` ones."
    )
    outliers: int | None = Field(
        description="Number of customers that differ from those of the fit. Null: not finished, or "
        "from an earlier release, as `features`."
    )
    features: FeatureFindings | None = Field(
        description="Counts of imputed, unknown and unusual values, by feature."
    )
    warnings: list[str] = Field(
        description="Differences from the customers of the fit, such as a feature that is imputed, "
        "unknown or an outlier for more than a fifth of the customers, or all customers in one "
        "segment."
    )
    job: str
    created_at: datetime

    @classmethod
    def of(cls, model: ModelRow, row: RunRow, job: JobRow) -> Self:
        """Build the response from a run and its job."""
        findings = row.findings or {}
        return cls(
            run=row.id,
            model=model.name,
            version=row.version,
            dataset=row.dataset,
            dataset_version=row.dataset_version,
            state=job.state,
            progress=job.progress,
            counts=row.counts,
            outliers=findings.get("outliers"),
            features=findings.get("features"),
            warnings=findings.get("warnings", []),
            job=row.job_id,
            created_at=row.created_at,
        )


class StoredAssignment(ResponseModel):
    """The assignment of one customer by a run."""

    customer_id: str
    segment: str | None = Field(description="Null if the customer could not be assigned.")
    segment_name: str | None
    distance: float | None
    runner_up: str | None
    margin: float | None
    outlier: bool
    imputed: str | None = Field(description="The features that were missing, joined by commas.")
    unknown: str | None = Field(
        description="The features of categories that the model has not learned."
    )
    rejected: str | None = Field(description="Why the customer could not be assigned.")


class StoredAssignmentList(Page):
    """A page of a run's assignments, in the dataset's order."""

    assignments: list[StoredAssignment]


class MemberList(Page):
    """Customers of a segment: their id, their features as stored, and how well they fit."""

    customers: list[Member]
