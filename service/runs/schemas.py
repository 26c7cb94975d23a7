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
    """The dataset to place."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"dataset": "sample"}]})

    dataset: Name
    dataset_version: Integer | None = Field(
        default=None, ge=1, lt=2**31, description="Absent: the newest."
    )


class FeatureCounts(ResponseModel):
    """For how many of the placed customers a feature was not as the model has learned it."""

    imputed: int = Field(description="It was missing, and taken as typical.")
    unknown: int = Field(description="Its category is none that the model has learned.")
    outliers: int = Field(description="It lies beyond the values that the model has learned.")


FeatureFindings = TypeAliasType("FeatureFindings", dict[str, FeatureCounts])


class Run(ResponseModel):
    """A whole dataset, placed by one version."""

    run: str
    model: str
    version: int
    dataset: str
    dataset_version: int
    state: State
    progress: float
    counts: SegmentCounts | None = Field(
        description="How many customers went to each segment, or were `rejected`."
    )
    outliers: int | None = Field(
        description="How many customers are unlike those the segments were learned from. Null: not "
        "finished, or of an earlier release, as `features`."
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
        """Show a run and how far it is."""
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
    """Where a run placed a customer."""

    customer_id: str
    segment: str | None = Field(description="Null where the customer could not be placed.")
    segment_name: str | None
    distance: float | None
    runner_up: str | None
    margin: float | None
    outlier: bool
    imputed: str | None = Field(description="The features that were missing, joined by commas.")
    unknown: str | None = Field(
        description="The features of categories that the model has not learned."
    )
    rejected: str | None = Field(description="Why the customer could not be placed.")


class StoredAssignmentList(Page):
    """Where a run placed its customers, in the dataset's order."""

    assignments: list[StoredAssignment]


class MemberList(Page):
    """Customers of a segment: their id, their features as stored, and how well they fit."""

    customers: list[Member]
