"""Places customers in the segments of one version, from its scorer alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.cells import BadCell, identifier
from models.scoring import Assigned, Scorer
from service.errors import FieldError, InvalidRequest, pointer
from service.registry import operations as registry
from service.registry import repository
from service.stores.database import Session
from service.stores.scorers import Scorers

CUSTOMER_ID = "customer_id"
MOST_NAMED_COLUMNS = 10

Cells = Mapping[str, object]
Faults = dict[int, list[FieldError]]


@dataclass(frozen=True, kw_only=True)
class Placer:
    """A version, ready to place customers; `segments` are ids and names by index."""

    model: str
    version: int
    scorer: Scorer
    segments: Sequence[tuple[str, str]]
    id_columns: tuple[str, ...]


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
    return Placer(
        model=model,
        version=version.number,
        scorer=scorers.get(registry.artifact_ref(row, version)),
        segments=[(segment.id, segment.name or profile.name) for profile, segment in profiles],
        id_columns=tuple(dict.fromkeys((CUSTOMER_ID, version.customer_id))),
    )


def place_customers(placer: Placer, customers: Sequence[Cells], *, atomic: bool, explain: bool) -> Placed:
    """Place each customer; a bad one is rejected alone, or, if atomic, all are."""
    ids, faults = _read_ids(placer, customers)
    columns = {name: [cells.get(name) for cells in customers] for name in placer.scorer.feature_names}
    assigned = placer.scorer.assign(columns, len(customers), explain=explain)
    for row, errors in assigned.errors.items():
        faults.setdefault(row, []).extend(_fault(row, error.feature, error.detail) for error in errors)
    if faults and (atomic or len(faults) == len(customers)):
        flat = [fault for row in sorted(faults) for fault in faults[row]]
        raise InvalidRequest(f"{len(faults)} of {len(customers)} customers cannot be placed", errors=flat)
    warnings = _warnings(placer, customers)
    return Placed(placer=placer, customer_ids=ids, assigned=assigned, faults=faults, warnings=warnings)


def _read_ids(placer: Placer, customers: Sequence[Cells]) -> tuple[list[str | None], Faults]:
    ids: list[str | None] = []
    faults: Faults = {}
    for row, cells in enumerate(customers):
        column = next((name for name in placer.id_columns if cells.get(name) is not None), CUSTOMER_ID)
        try:
            ids.append(identifier(cells.get(column)))
        except BadCell as error:
            ids.append(None)
            faults[row] = [_fault(row, column, str(error))]
    return ids, faults


def _warnings(placer: Placer, customers: Sequence[Cells]) -> list[str]:
    known = {*placer.scorer.feature_names, *placer.id_columns}
    unused = list(dict.fromkeys(name for cells in customers for name in cells if name not in known))
    if not unused:
        return []
    more = f" and {len(unused) - MOST_NAMED_COLUMNS} more" if len(unused) > MOST_NAMED_COLUMNS else ""
    return [f"The model does not use {', '.join(unused[:MOST_NAMED_COLUMNS])}{more}"]


def _fault(row: int, column: str | None, detail: str) -> FieldError:
    place: list[str | int] = ["customers", row] if column is None else ["customers", row, column]
    return FieldError(row=row + 1, pointer=pointer(place), detail=detail)
