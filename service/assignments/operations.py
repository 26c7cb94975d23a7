"""Assignment of customers to the segments of one version."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain

from models.cells import BadCell, identifier, identifiers, without_zero_fractions
from models.columns import Column
from models.scoring import AssignmentResult, RowAssignment, Scorer
from service.assignments.inputs import CustomerBatch, InputSchema, needs_parsing
from service.datasets.dataset_schema import read_column
from service.errors import FieldError, InvalidRequest, pointer
from service.registry import operations as registry
from service.registry import repository
from service.registry.rows import VersionRow
from service.stores.database import Session
from service.stores.scorer_cache import ScorerCache

CUSTOMER_ID = "customer_id"
MAX_NAMED_COLUMNS = 10

Faults = dict[int, list[FieldError]]


@dataclass(frozen=True, kw_only=True)
class LoadedVersion:
    """A version with its scorer in memory.

    `segments` are ids and names by index; `parsed_columns` are the features that the dataset's
    rules parse.
    """

    model: str
    version: int
    scorer: Scorer
    segments: Sequence[tuple[str, str]]
    id_columns: tuple[str, ...]
    parsed_columns: Sequence[Column]

    @cached_property
    def input_schema(self) -> InputSchema:
        features = tuple((feature.name, feature.kind) for feature in self.scorer.features)
        return InputSchema(features=features, id_columns=self.id_columns)


@dataclass(frozen=True, kw_only=True)
class AssignmentBatch:
    """Result of one request: rows with faults are rejected, all others are assigned."""

    version: LoadedVersion
    customer_ids: Sequence[str | None]
    assigned: AssignmentResult
    faults: Faults
    warnings: Sequence[str]


def load_version(
    session: Session, scorers: ScorerCache, tenant: str, model: str, ref: str
) -> LoadedVersion:
    """Load a version and its scorer. Raises NotFound if it does not exist."""
    model_row, version = registry.get_ready_version(session, tenant, model, ref)
    profiles = repository.list_profiles(session, version)
    scorer = scorers.get(registry.artifact_ref(model_row, version))
    used = [
        column
        for column in map(read_column, version.columns)
        if column.name in scorer.feature_names
    ]
    return LoadedVersion(
        model=model,
        version=version.number,
        scorer=scorer,
        segments=[(segment.id, segment.name or profile.name) for profile, segment in profiles],
        id_columns=_id_columns(version),
        parsed_columns=list(filter(needs_parsing, used)),
    )


def assign_batch(
    version: LoadedVersion, customers: CustomerBatch, *, atomic: bool, explain: bool
) -> AssignmentBatch:
    """Assign each customer to a segment, and reject invalid ones.

    Raises InvalidRequest if all customers are invalid, or, if `atomic`, any of them.
    """
    batch = assign_customers(version, customers, explain=explain)
    if batch.faults and (atomic or len(batch.faults) == customers.n_rows):
        flat = [fault for row in sorted(batch.faults) for fault in batch.faults[row]]
        raise InvalidRequest(
            f"{len(batch.faults)} of {customers.n_rows} customers cannot be assigned", errors=flat
        )
    return batch


def assign_customers(
    version: LoadedVersion, customers: CustomerBatch, *, explain: bool = False
) -> AssignmentBatch:
    """Assign each customer to a segment; the faults of the others are keyed by row."""
    faults: Faults = defaultdict(list)
    ids = without_zero_fractions(_read_ids(version, customers, faults))
    parsed, unparsed = customers.parse_columns(version.parsed_columns)
    for row, column, detail in unparsed:
        faults[row].append(_field_error(row, column, detail))
    assigned = version.scorer.assign(parsed.columns, parsed.n_rows, explain=explain)
    for error in chain.from_iterable(assigned.errors.values()):
        # A fault of a whole row is dropped if one of its cells has one.
        if error.feature is not None or error.row not in faults:
            faults[error.row].append(_field_error(error.row, error.feature, error.detail))
    used = {*version.scorer.feature_names, *version.id_columns}
    given = (*customers.columns, *customers.extra_columns)
    warnings = [*customers.warnings, *warnings_of([name for name in given if name not in used])]
    return AssignmentBatch(
        version=version, customer_ids=ids, assigned=assigned, faults=faults, warnings=warnings
    )


def assign_rows(
    version: LoadedVersion, rows: Sequence[tuple[object, ...]]
) -> list[tuple[str | None, RowAssignment]] | None:
    """Assign customers one by one, which is faster for a few; None if any needs `assign_batch`.

    Cells are in the order of `InputSchema.names`. Returns pairs of id and assignment.
    """
    n_features = len(version.scorer.features)
    try:
        ids = without_zero_fractions(
            [_first_id(row, version.input_schema.id_positions) for row in rows]
        )
        assigned = [
            each for row in rows if (each := version.scorer.single.assign(row[:n_features]))
        ]
    except BadCell:
        return None
    return list(zip(ids, assigned, strict=True)) if len(assigned) == len(ids) else None


def warnings_of(unused: Sequence[str]) -> list[str]:
    """Return a warning that names the unused columns, if any."""
    if not unused:
        return []
    more = f" and {len(unused) - MAX_NAMED_COLUMNS} more" if len(unused) > MAX_NAMED_COLUMNS else ""
    return [f"The model does not use {', '.join(unused[:MAX_NAMED_COLUMNS])}{more}"]


def _id_columns(version: VersionRow) -> tuple[str, ...]:
    """Return the id columns.

    `customer_id`, unless it is a column of another kind, and the dataset's own.
    """
    others = {column["name"] for column in version.columns} - {version.customer_id}
    return (
        (version.customer_id,)
        if CUSTOMER_ID in others
        else tuple(dict.fromkeys((CUSTOMER_ID, version.customer_id)))
    )


def _first_id(row: tuple[object, ...], positions: Sequence[int]) -> str | None:
    for position in positions:
        if (cell := row[position]) is not None and (customer_id := identifier(cell)) is not None:
            return customer_id
    return None


def _fill_missing(ids: list[str | None], others: list[str | None]) -> list[str | None]:
    return [other if each is None else each for each, other in zip(ids, others, strict=True)]


def _read_ids(version: LoadedVersion, customers: CustomerBatch, faults: Faults) -> list[str | None]:
    """Read each customer's id, from the first of the id columns that has one."""
    named = [column for column in version.id_columns if column in customers.columns]
    read = [each for column in named if (each := identifiers(customers.cells(column))) is not None]
    ids: list[str | None] = [None] * customers.n_rows
    if len(read) == len(named):
        return reduce(_fill_missing, filter(any, read), ids)
    for column in named:
        for row, cell in enumerate(customers.cells(column)):
            if ids[row] is None and row not in faults:
                try:
                    ids[row] = identifier(cell)
                except BadCell as error:
                    faults[row].append(_field_error(row, column, str(error)))
    return ids


def _field_error(row: int, column: str | None, detail: str) -> FieldError:
    if column is None:
        return FieldError(row=row + 1, pointer=pointer(["customers", row]), detail=detail)
    return FieldError(
        row=row + 1, pointer=pointer(["customers", row, column]), detail=f"{column}: {detail}"
    )
