"""Places customers in the segments of one version, from its scorer alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from models.cells import BadCell, identifier
from models.exploration import Column
from models.scoring import Assigned, Scorer
from service.assignments.reading import Customers, is_special
from service.datasets.contents import read_column
from service.errors import FieldError, InvalidRequest, pointer
from service.registry import operations as registry
from service.registry import repository
from service.stores.database import Session
from service.stores.scorers import Scorers

CUSTOMER_ID = "customer_id"
MOST_NAMED_COLUMNS = 10

Faults = dict[int, list[FieldError]]


@dataclass(frozen=True, kw_only=True)
class Placer:
    """A version, ready to place customers.

    `segments` are ids and names by index; `special` are features whose cells mean something else than they say.
    """

    model: str
    version: int
    scorer: Scorer
    segments: Sequence[tuple[str, str]]
    id_columns: tuple[str, ...]
    special: Sequence[Column]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Customers placed by one version: rows with faults are rejected, the others are as `assigned` says."""

    placer: Placer
    customer_ids: Sequence[str | None]
    assigned: Assigned
    faults: Faults
    warnings: Sequence[str]


def open_version(session: Session, scorers: Scorers, tenant: str, model: str, ref: str) -> Placer:
    """Get a version ready to place customers."""
    row, version = registry.get_ready_version(session, tenant, model, ref)
    profiles = repository.list_profiles(session, version)
    scorer = scorers.get(registry.artifact_ref(row, version))
    used = [column for column in map(read_column, version.columns) if column.name in scorer.feature_names]
    return Placer(
        model=model,
        version=version.number,
        scorer=scorer,
        segments=[(segment.id, segment.name or profile.name) for profile, segment in profiles],
        id_columns=tuple(dict.fromkeys((CUSTOMER_ID, version.customer_id))),
        special=list(filter(is_special, used)),
    )


def place_customers(placer: Placer, customers: Customers, *, atomic: bool, explain: bool) -> Placed:
    """Place each customer; a bad one is rejected alone, or, if atomic, all are."""
    faults: Faults = defaultdict(list)
    ids = _read_ids(placer, customers, faults)
    assigned = _assign(placer, customers, faults, explain=explain)
    if faults and (atomic or len(faults) == customers.n_rows):
        flat = [fault for row in sorted(faults) for fault in faults[row]]
        raise InvalidRequest(f"{len(faults)} of {customers.n_rows} customers cannot be placed", errors=flat)
    warnings = _warnings(placer, customers)
    return Placed(placer=placer, customer_ids=ids, assigned=assigned, faults=faults, warnings=warnings)


def _assign(placer: Placer, customers: Customers, faults: Faults, *, explain: bool) -> Assigned:
    """Place whom the scorer can place; that nothing is known of a customer matters only where no cell is to blame."""
    read, unread = customers.read_as(placer.special)
    for row, column, detail in unread:
        faults[row].append(_fault(row, column, detail))
    assigned = placer.scorer.assign(read.columns, read.n_rows, explain=explain)
    for error in chain.from_iterable(assigned.errors.values()):
        if error.feature is not None or error.row not in faults:
            faults[error.row].append(_fault(error.row, error.feature, error.detail))
    return assigned


def _read_ids(placer: Placer, customers: Customers, faults: Faults) -> list[str | None]:
    """Read each customer's id, from the first of the id columns that has one."""
    ids: list[str | None] = [None] * customers.n_rows
    for column in filter(customers.columns.__contains__, placer.id_columns):
        for row, cell in enumerate(customers.cells(column)):
            if ids[row] is None and row not in faults:
                try:
                    ids[row] = identifier(cell)
                except BadCell as error:
                    faults[row].append(_fault(row, column, str(error)))
    return ids


def _warnings(placer: Placer, customers: Customers) -> list[str]:
    known = {*placer.scorer.feature_names, *placer.id_columns}
    unused = [name for name in customers.columns if name not in known]
    if not unused:
        return []
    more = f" and {len(unused) - MOST_NAMED_COLUMNS} more" if len(unused) > MOST_NAMED_COLUMNS else ""
    return [f"The model does not use {', '.join(unused[:MOST_NAMED_COLUMNS])}{more}"]


def _fault(row: int, column: str | None, detail: str) -> FieldError:
    place: list[str | int] = ["customers", row] if column is None else ["customers", row, column]
    said = detail if column is None else f"{column}: {detail}"
    return FieldError(row=row + 1, pointer=pointer(place), detail=said)
