"""Places customers in the segments of one version, from its scorer alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain

from models.cells import BadCell, identifier, identifiers
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
MOST_NAMED_COLUMNS = 10

Faults = dict[int, list[FieldError]]


@dataclass(frozen=True, kw_only=True)
class LoadedVersion:
    """A version, ready to place customers.

    `segments` are ids and names by index; `special` are features whose cells mean something else than they say.
    """

    model: str
    version: int
    scorer: Scorer
    segments: Sequence[tuple[str, str]]
    id_columns: tuple[str, ...]
    special: Sequence[Column]

    @cached_property
    def shape(self) -> InputSchema:
        """What is read of a customer."""
        features = tuple((feature.name, feature.kind) for feature in self.scorer.features)
        return InputSchema(features=features, id_columns=self.id_columns)


@dataclass(frozen=True, kw_only=True)
class AssignmentBatch:
    """Customers placed by one version: rows with faults are rejected, the others are as `assigned` says."""

    placer: LoadedVersion
    customer_ids: Sequence[str | None]
    assigned: AssignmentResult
    faults: Faults
    warnings: Sequence[str]


def load_version(session: Session, scorers: ScorerCache, tenant: str, model: str, ref: str) -> LoadedVersion:
    """Get a version ready to place customers."""
    row, version = registry.get_ready_version(session, tenant, model, ref)
    profiles = repository.list_profiles(session, version)
    scorer = scorers.get(registry.artifact_ref(row, version))
    used = [column for column in map(read_column, version.columns) if column.name in scorer.feature_names]
    return LoadedVersion(
        model=model,
        version=version.number,
        scorer=scorer,
        segments=[(segment.id, segment.name or profile.name) for profile, segment in profiles],
        id_columns=_id_columns(version),
        special=list(filter(needs_parsing, used)),
    )


def assign_batch(placer: LoadedVersion, customers: CustomerBatch, *, atomic: bool, explain: bool) -> AssignmentBatch:
    """Place each customer; a bad one is rejected alone, or, if atomic, all are."""
    faults: Faults = defaultdict(list)
    ids = _read_ids(placer, customers, faults)
    assigned = _assign(placer, customers, faults, explain=explain)
    if faults and (atomic or len(faults) == customers.n_rows):
        flat = [fault for row in sorted(faults) for fault in faults[row]]
        raise InvalidRequest(f"{len(faults)} of {customers.n_rows} customers cannot be placed", errors=flat)
    warnings = warnings_of(unused_columns(placer, customers))
    return AssignmentBatch(placer=placer, customer_ids=ids, assigned=assigned, faults=faults, warnings=warnings)


def assign_rows(
    placer: LoadedVersion, rows: Sequence[tuple[object, ...]]
) -> list[tuple[str | None, RowAssignment]] | None:
    """Place customers one by one, whose cells are of the placer's shape; None if any is bad, or hard to place.

    For a few it is much faster than by column.
    """
    n_features = len(placer.scorer.features)
    try:
        ids = [_first_id(row, placer.shape.id_positions) for row in rows]
        placed = [each for row in rows if (each := placer.scorer.single.place(row[:n_features]))]
    except BadCell:
        return None
    return list(zip(ids, placed, strict=True)) if len(placed) == len(ids) else None


def unused_columns(placer: LoadedVersion, customers: CustomerBatch) -> list[str]:
    """Give the columns that the model does not use."""
    known = {*placer.scorer.feature_names, *placer.id_columns}
    return [name for name in (*customers.columns, *customers.beside) if name not in known]


def warnings_of(unused: Sequence[str]) -> list[str]:
    """Say which columns are not used."""
    if not unused:
        return []
    more = f" and {len(unused) - MOST_NAMED_COLUMNS} more" if len(unused) > MOST_NAMED_COLUMNS else ""
    return [f"The model does not use {', '.join(unused[:MOST_NAMED_COLUMNS])}{more}"]


def _id_columns(version: VersionRow) -> tuple[str, ...]:
    """Return the columns that may hold a customer's id: the general one, too, unless it is one of another kind."""
    others = {column["name"] for column in version.columns} - {version.customer_id}
    return (version.customer_id,) if CUSTOMER_ID in others else tuple(dict.fromkeys((CUSTOMER_ID, version.customer_id)))


def _assign(placer: LoadedVersion, customers: CustomerBatch, faults: Faults, *, explain: bool) -> AssignmentResult:
    """Place whom the scorer can place; that nothing is known of a customer matters only where no cell is to blame."""
    read, unread = customers.read_as(placer.special)
    for row, column, detail in unread:
        faults[row].append(_fault(row, column, detail))
    assigned = placer.scorer.assign(read.columns, read.n_rows, explain=explain)
    for error in chain.from_iterable(assigned.errors.values()):
        if error.feature is not None or error.row not in faults:
            faults[error.row].append(_fault(error.row, error.feature, error.detail))
    return assigned


def _first_id(row: tuple[object, ...], positions: Sequence[int]) -> str | None:
    for position in positions:
        if (cell := row[position]) is not None and (found := identifier(cell)) is not None:
            return found
    return None


def _filled(ids: list[str | None], others: list[str | None]) -> list[str | None]:
    return [other if each is None else each for each, other in zip(ids, others, strict=True)]


def _read_ids(placer: LoadedVersion, customers: CustomerBatch, faults: Faults) -> list[str | None]:
    """Read each customer's id, from the first of the id columns that has one."""
    named = [column for column in placer.id_columns if column in customers.columns]
    read = [each for column in named if (each := identifiers(customers.cells(column))) is not None]
    ids: list[str | None] = [None] * customers.n_rows
    if len(read) == len(named):
        return reduce(_filled, filter(any, read), ids)
    for column in named:
        for row, cell in enumerate(customers.cells(column)):
            if ids[row] is None and row not in faults:
                try:
                    ids[row] = identifier(cell)
                except BadCell as error:
                    faults[row].append(_fault(row, column, str(error)))
    return ids


def _fault(row: int, column: str | None, detail: str) -> FieldError:
    place: list[str | int] = ["customers", row] if column is None else ["customers", row, column]
    said = detail if column is None else f"{column}: {detail}"
    return FieldError(row=row + 1, pointer=pointer(place), detail=said)
