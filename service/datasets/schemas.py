"""Request and response bodies of datasets."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from typing_extensions import TypeAliasType

from models.columns import DATE_FORMS, Kind, Override, check_numerals
from models.summary import Summary
from service.datasets.rows import DatasetRow, DatasetVersionRow
from service.web.schemas import Header, Page, RequestModel, ResponseModel, Text

ColumnKind = TypeAliasType("ColumnKind", Kind)
Marker = Annotated[Text, Field(max_length=256)]

_DATES: Final = f"{', '.join(DATE_FORMS[:-1])} or {DATE_FORMS[-1]}"


def _check_numerals(text: str) -> str:
    check_numerals(text)
    return text


class Column(ResponseModel):
    """Column of a dataset, and how it is read."""

    name: str
    kind: ColumnKind
    missing: int = Field(description="Number of missing cells.")
    distinct: int = Field(description="Number of distinct values.")
    reason: str | None = Field(
        default=None,
        description="Why the column was ignored, or classified as an identifier, by inference.",
    )
    missing_markers: list[str] = Field(default=[], description="Texts declared as missing values.")
    fold_case: bool = Field(default=False, description="Whether texts are converted to lower case.")
    numerals: str | None = Field(
        default=None,
        description="Number format, shown by the number 1234.56, such as `1.234,56 €`, or date "
        f"format: {_DATES}. Null: plain numbers.",
    )
    newest: str | None = Field(
        default=None,
        description="Dates only: the newest date. The column holds the number of days from each "
        "date to it.",
    )


class Dataset(ResponseModel):
    """Named table of customers at its newest version."""

    dataset: str
    dataset_version: int
    customer_id: str = Field(description="The column with the customer ids.")
    n_customers: int
    columns: list[Column]
    warnings: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DatasetRow, version: DatasetVersionRow) -> Self:
        """Build the response from a dataset and one of its versions."""
        return cls(
            dataset=row.name,
            dataset_version=row.version,
            customer_id=version.customer_id,
            n_customers=row.n_customers,
            columns=[Column.model_validate(column) for column in version.columns],
            warnings=version.warnings,
            created_at=row.created_at,
            updated_at=row.updated_at or version.created_at,
        )


class ColumnChange(RequestModel):
    """How to read a column."""

    kind: ColumnKind | None = Field(
        default=None,
        description="The kind of the column. By default it is inferred from the cells.",
    )
    missing: list[Marker] | None = Field(
        default=None,
        max_length=100,
        description="Texts or numbers that mark a missing value.",
        examples=[["n/a"]],
    )
    fold_case: bool = Field(
        default=False,
        description="Convert texts to lower case, so that Yes and YES are the same category.",
    )
    numerals: Annotated[Text, AfterValidator(_check_numerals)] | None = Field(
        default=None,
        description="Number format, shown by the number 1234.56, such as `1.234,56` or `1,234.56 "
        "$`, or date format: "
        f"{_DATES}. Dates are converted to the number of days from each date to the newest one. "
        "Makes the column "
        "numeric.",
        examples=["1.234,56"],
        json_schema_extra={"pattern": rf"^(1[,. ']?234[.,]56( .+)?|{'|'.join(DATE_FORMS)})$"},
    )

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.numerals is not None and self.kind not in {None, "numeric"}:
            raise ValueError("numerals are only allowed for a numeric column")
        return self


class ColumnChanges(RequestModel):
    """How to read some columns, by their names."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"columns": {"Age": {"kind": "numeric", "missing": ["unknown"]}}}]
        },
    )

    columns: dict[Header, ColumnChange]

    def overrides(self) -> dict[str, Override]:
        """Build the override of each column."""
        return {
            name: Override(
                kind=change.kind,
                missing=None if change.missing is None else tuple(change.missing),
                fold_case=change.fold_case,
                numerals=change.numerals,
            )
            for name, change in self.columns.items()
        }


class DatasetList(Page):
    """Page of datasets, ordered by name."""

    datasets: list[Dataset]


class Quantiles(ResponseModel):
    """Quantiles of a column.

    The values that 1, 5, 25, 50, 75, 95 and 99 % of the customers do not exceed.
    """

    p01: float
    p05: float
    p25: float
    p50: float = Field(description="The median.")
    p75: float
    p95: float
    p99: float


class Outliers(ResponseModel):
    """Counts of values beyond the fences, three interquartile ranges outside the quartiles."""

    low: float = Field(description="The lower fence.")
    high: float = Field(description="The upper fence.")
    below: int
    above: int


class Histogram(ResponseModel):
    """Histogram of the values between the fences.

    `counts[i]` values lie in `[edges[i], edges[i + 1])`.
    """

    edges: list[float] = Field(
        description="Ascending bin edges, one more than counts. The last bin includes its upper "
        "edge."
    )
    counts: list[int]
    below: int = Field(description="Number of values below the first edge.")
    above: int = Field(description="Number of values above the last edge.")


class NumericSummary(ResponseModel):
    """Distribution of the known values of a numeric column."""

    n: int = Field(description="Number of known values.")
    distinct: int
    min: float
    max: float
    mean: float
    standard_deviation: float
    quantiles: Quantiles
    skew: float = Field(
        description="Skewness: 0 for a symmetric distribution, above 1 for a much longer right "
        "tail."
    )
    log_helps: bool = Field(description="Whether a fit with `log: auto` takes the logarithm.")
    zeros_share: float
    largest_share: float = Field(description="The share of the most common value.")
    whole_numbers: bool = Field(description="Whether all values are whole numbers.")
    outliers: Outliers | None = Field(description="Null if the interquartile range is 0.")
    histogram: Histogram


class TopValue(ResponseModel):
    """One of the most common values."""

    value: str
    count: int
    share: float


class CategoricalSummary(ResponseModel):
    """Frequencies of the known values of a categorical column."""

    n: int = Field(description="Number of known values.")
    distinct: int
    largest_share: float = Field(description="The share of the most common value.")
    top: list[TopValue] = Field(description="At most 20 values, most common first.")
    rest: int = Field(description="Number of customers with a value that is not in `top`.")


class ColumnSummary(ResponseModel):
    """Summary of a column."""

    name: str
    kind: ColumnKind
    missing: int = Field(description="Number of missing cells.")
    missing_share: float
    distinct: int = Field(description="Number of distinct values.")
    reason: str | None = Field(description="Why the column is ignored.")
    numeric: NumericSummary | None
    categorical: CategoricalSummary | None


class Correlation(ResponseModel):
    """Strength of the association of two columns."""

    a: str
    b: str
    measure: Literal["pearson", "spearman", "cramers_v", "correlation_ratio"] = Field(
        description="Pearson's or Spearman's correlation of two numeric columns, Cramér's V of two "
        "categorical columns, or the correlation ratio of a categorical and a numeric column. The "
        "latter two are corrected for chance.",
    )
    value: float = Field(description="From -1 to 1 for two numeric columns, else from 0 to 1.")


class DatasetSummary(ResponseModel):
    """Summary of a dataset.

    Distributions of its columns, correlations, and data quality warnings.
    """

    dataset: str
    dataset_version: int
    n_customers: int
    sampled: int | None = Field(
        description="Size of the random sample on which the correlations were measured; null if on "
        "all customers. Everything else is exact.",
    )
    columns: list[ColumnSummary]
    correlations: list[Correlation] = Field(
        description="One entry per pair of usable columns, strongest first."
    )
    duplicates: int = Field(
        description="Number of customers that equal an earlier one in every usable column."
    )
    warnings: list[str] = Field(
        description="Data quality warnings with advice, most serious first."
    )

    @classmethod
    def of(cls, row: DatasetRow, version: DatasetVersionRow, summary: Summary) -> Self:
        """Build the response from the summary of a dataset version."""
        found = {
            name: getattr(summary, name) for name in cls.model_fields if hasattr(summary, name)
        }
        return cls.model_validate(
            {"dataset": row.name, "dataset_version": version.version, **found}
        )
