"""Datasets on the wire."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from typing_extensions import TypeAliasType

from models.columns import DATE_FORMS, Kind, Override, check_numerals
from models.summary import Summary
from service.datasets.rows import DatasetRow, DatasetVersionRow
from service.datasets.transactions import Added
from service.web.problems import Fault
from service.web.schemas import Header, Page, RequestModel, ResponseModel, Text

ColumnKind = TypeAliasType("ColumnKind", Kind)
Marker = Annotated[Text, Field(max_length=256)]

_DATES: Final = f"{', '.join(DATE_FORMS[:-1])} or {DATE_FORMS[-1]}"


def _check_numerals(text: str) -> str:
    check_numerals(text)
    return text


class Column(ResponseModel):
    """What a column is taken for."""

    name: str
    kind: ColumnKind
    missing: int = Field(description="How many cells are empty.")
    distinct: int = Field(description="How many different values there are.")
    reason: str | None = Field(
        default=None, description="Why the column is ignored, or taken for an identifier unasked."
    )
    missing_markers: list[str] = Field(default=[], description="Texts that are declared to stand for a missing value.")
    fold_case: bool = Field(default=False, description="Whether texts are read in lower case.")
    numerals: str | None = Field(
        default=None,
        description="How numbers are written, by the example of 1234.56, such as 1.234,56 €; null means plainly. "
        f"Of dates: {_DATES}.",
    )
    newest: str | None = Field(
        default=None, description="Of dates: the newest when the column was described. Days count back from it."
    )


class Dataset(ResponseModel):
    """A named table of customers, as its last write left it."""

    dataset: str
    dataset_version: int
    customer_id: str = Field(description="The column that names the customer.")
    n_customers: int
    columns: list[Column]
    warnings: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DatasetRow, version: DatasetVersionRow) -> Self:
        """Show a dataset at one version."""
        return cls(
            dataset=row.name,
            dataset_version=version.version,
            customer_id=version.customer_id,
            n_customers=version.n_customers,
            columns=[Column.model_validate(column) for column in version.columns],
            warnings=version.warnings,
            created_at=row.created_at,
            updated_at=version.created_at,
        )


class ColumnChange(RequestModel):
    """How a column shall be read."""

    kind: ColumnKind | None = Field(default=None, description="Absent: inferred from the cells.")
    missing: list[Marker] | None = Field(
        default=None,
        max_length=100,
        description="Texts, or numbers, that stand for a missing value.",
        examples=[["n/a"]],
    )
    fold_case: bool = Field(default=False, description="Read texts in lower case, so that Yes and YES are one.")
    numerals: Annotated[Text, AfterValidator(_check_numerals)] | None = Field(
        default=None,
        description="How numbers are written, by the example of 1234.56, such as 1.234,56 or 1,234.56 $; or how dates "
        f"are, which become the days from each to the newest: {_DATES}. The column is numeric then.",
        examples=["1.234,56"],
        json_schema_extra={"pattern": rf"^(1[,. ']?234[.,]56( .+)?|{'|'.join(DATE_FORMS)})$"},
    )

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.numerals is not None and self.kind not in {None, "numeric"}:
            raise ValueError("numerals are of a numeric column")
        return self


class ColumnChanges(RequestModel):
    """How some columns shall be read."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"columns": {"Age": {"kind": "numeric", "missing": ["unknown"]}}}]},
    )

    columns: dict[Header, ColumnChange]

    def overrides(self) -> dict[str, Override]:
        """Give what is declared of each column."""
        return {
            name: Override(
                kind=change.kind,
                missing=None if change.missing is None else tuple(change.missing),
                fold_case=change.fold_case,
                numerals=change.numerals,
            )
            for name, change in self.columns.items()
        }


class TransactionsAdded(ResponseModel):
    """What became of a batch of transactions."""

    dataset: Dataset
    n_taken: int
    n_rejected: int = Field(description="Rows that cannot be read; `errors` names the first hundred.")
    n_later: int = Field(
        description="Rows that are later than the reference date or, without one, than any plausible day."
    )
    errors: list[Fault]

    @classmethod
    def of(cls, added: Added) -> Self:
        """Show what became of each row."""
        return cls(
            dataset=Dataset.of(*added.at),
            n_taken=added.n_taken,
            n_rejected=added.n_rejected,
            n_later=added.n_later,
            errors=[Fault.model_validate(fault, from_attributes=True) for fault in added.faults],
        )


class DatasetList(Page):
    """Datasets by name."""

    datasets: list[Dataset]


class Quantiles(ResponseModel):
    """The values that 1, 5, 25, 50, 75, 95 and 99 % of the customers do not exceed."""

    p01: float
    p05: float
    p25: float
    p50: float = Field(description="The median.")
    p75: float
    p95: float
    p99: float


class Outliers(ResponseModel):
    """How many values lie beyond the fences, three interquartile ranges outside the middle half."""

    low: float = Field(description="The lower fence.")
    high: float = Field(description="The upper fence.")
    below: int
    above: int


class Histogram(ResponseModel):
    """How the values between the fences are spread: `counts[i]` are from `edges[i]` up to below `edges[i + 1]`."""

    edges: list[float] = Field(
        description="Ascending, one more than counts; the last bin includes its upper edge, too."
    )
    counts: list[int]
    below: int = Field(description="How many values are below the first edge.")
    above: int = Field(description="How many values are above the last edge.")


class NumericSummary(ResponseModel):
    """How the known values of a numeric column are spread."""

    n: int = Field(description="How many values are known.")
    distinct: int
    min: float
    max: float
    mean: float
    standard_deviation: float
    quantiles: Quantiles
    skew: float = Field(description="0 if both tails are alike; above 1 the right one is much longer.")
    log_helps: bool = Field(description="Whether a fit takes the logarithm unless it is told otherwise.")
    zeros_share: float
    largest_share: float = Field(description="The share of the most common value.")
    whole_numbers: bool = Field(description="Whether all values are whole numbers.")
    outliers: Outliers | None = Field(description="Null where the middle half of the values is one value.")
    histogram: Histogram


class TopValue(ResponseModel):
    """One of the most common values."""

    value: str
    count: int
    share: float


class CategoricalSummary(ResponseModel):
    """How common the known values of a categorical column are."""

    n: int = Field(description="How many values are known.")
    distinct: int
    largest_share: float = Field(description="The share of the most common value.")
    top: list[TopValue] = Field(description="At most 20, the most common first.")
    rest: int = Field(description="How many customers have a value that is not listed.")


class ColumnSummary(ResponseModel):
    """What a column holds."""

    name: str
    kind: ColumnKind
    missing: int = Field(description="How many cells are empty.")
    missing_share: float
    distinct: int = Field(description="How many different values there are.")
    reason: str | None = Field(description="Why the column is ignored.")
    numeric: NumericSummary | None
    categorical: CategoricalSummary | None


class Correlation(ResponseModel):
    """How much two columns say the same."""

    a: str
    b: str
    measure: Literal["pearson", "spearman", "cramers_v", "correlation_ratio"] = Field(
        description="Between numbers Pearson's and Spearman's correlation, between categories Cramér's V, between a "
        "category and a number the correlation ratio; the latter two less what chance alone gives.",
    )
    value: float = Field(description="From -1 to 1 between numbers, else from 0 to 1.")


class DatasetSummary(ResponseModel):
    """What is in a dataset's columns, how they hang together, and what to do about what is odd."""

    dataset: str
    dataset_version: int
    n_customers: int
    sampled: int | None = Field(
        description="How many customers, drawn by chance, the correlations were measured on; null if on all. All else "
        "is exact.",
    )
    columns: list[ColumnSummary]
    correlations: list[Correlation] = Field(description="Each pair of usable columns, the strongest first.")
    duplicates: int = Field(description="How many customers equal an earlier one in every usable column.")
    warnings: list[str] = Field(description="What is odd, and what to do about it, the gravest first.")

    @classmethod
    def of(cls, row: DatasetRow, version: DatasetVersionRow, summary: Summary) -> Self:
        """Show the summary of a dataset at one version."""
        found = {name: getattr(summary, name) for name in cls.model_fields if hasattr(summary, name)}
        return cls.model_validate({"dataset": row.name, "dataset_version": version.version, **found})
