"""Places customers in the segments of one version, from its scorer alone."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import TypeVar

from sqlalchemy.orm import Session

from models.cells import BadCell, identifier
from models.scoring import Assigned, Scorer
from service.assignments.schemas import Assignment, Assignments, OutlierReason, Reason, Rejected
from service.errors import FieldError, InvalidRequest
from service.registry import operations as registry
from service.registry import repository
from service.registry.operations import SCORER_FILE
from service.stores.artifacts import ArtifactRef, Artifacts
from service.web.problems import Fault, pointer
from service.web.schemas import Wire

CUSTOMER_ID = "customer_id"
MOST_SCORERS = 100
MOST_NAMED_COLUMNS = 10

Cells = Mapping[str, object]
Shown = TypeVar("Shown", bound=Wire)


class Scorers:
    """The scorers used last, ready in memory; a version never changes, so neither does its scorer."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._ready: OrderedDict[ArtifactRef, Scorer] = OrderedDict()
        self._lock = Lock()

    def get(self, ref: ArtifactRef) -> Scorer:
        """Give a version's scorer, verified when it was read."""
        with self._lock:
            scorer = self._ready.get(ref)
            if scorer is not None:
                self._ready.move_to_end(ref)
                return scorer
        return self._keep(ref, Scorer.from_bytes(self._artifacts.read(ref, SCORER_FILE)))

    def _keep(self, ref: ArtifactRef, scorer: Scorer) -> Scorer:
        with self._lock:
            self._ready[ref] = scorer
            if len(self._ready) > MOST_SCORERS:
                self._ready.popitem(last=False)
        return scorer


@dataclass(frozen=True, kw_only=True)
class Placer:
    """A version, ready to place customers."""

    model: str
    version: int
    scorer: Scorer
    segments: Sequence[tuple[str, str]]  # id and name, by index
    id_columns: tuple[str, ...]

    def place(self, customers: Sequence[Cells], *, atomic: bool, explain: bool) -> Assignments:
        """Place each customer; a bad one is rejected alone, or, if atomic, all are."""
        ids, faults = self._read_ids(customers)
        columns = {name: [cells.get(name) for cells in customers] for name in self.scorer.feature_names}
        assigned = self.scorer.assign(columns, len(customers), explain=explain)
        for row, errors in assigned.errors.items():
            faults.setdefault(row, []).extend(_fault(row, error.feature, error.detail) for error in errors)
        if faults and (atomic or len(faults) == len(customers)):
            raise InvalidRequest(f"{len(faults)} of {len(customers)} customers cannot be placed", errors=_flat(faults))
        return Assignments(
            model=self.model,
            version=self.version,
            assignments=[self._show(assigned, row, ids[row]) for row in range(len(customers)) if row not in faults],
            rejected=[_reject(row, ids[row], faults[row]) for row in sorted(faults)],
            warnings=self._warnings(customers),
        )

    def _read_ids(self, customers: Sequence[Cells]) -> tuple[list[str | None], dict[int, list[FieldError]]]:
        ids: list[str | None] = []
        faults: dict[int, list[FieldError]] = {}
        for row, cells in enumerate(customers):
            column = next((name for name in self.id_columns if cells.get(name) is not None), CUSTOMER_ID)
            try:
                ids.append(identifier(cells.get(column)))
            except BadCell as error:
                ids.append(None)
                faults[row] = [_fault(row, column, str(error))]
        return ids, faults

    def _show(self, assigned: Assigned, row: int, customer_id: str | None) -> Assignment:
        segment, name = self.segments[assigned.index[row]]
        contested = assigned.runner_up[row] >= 0
        return Assignment(
            row=row + 1,
            customer_id=customer_id,
            segment=segment,
            segment_name=name,
            distance=float(assigned.distance[row]),
            runner_up=self.segments[assigned.runner_up[row]][0] if contested else None,
            margin=float(assigned.margin[row]) if contested else None,
            outlier=bool(assigned.outlier[row]),
            outlier_reasons=_each(OutlierReason, assigned.outlier_reasons.get(row)),
            imputed=assigned.imputed.get(row),
            unknown=assigned.unknown.get(row),
            reasons=_each(Reason, assigned.reasons.get(row)),
        )

    def _warnings(self, customers: Sequence[Cells]) -> list[str]:
        known = {*self.scorer.feature_names, *self.id_columns}
        ignored = list(dict.fromkeys(name for cells in customers for name in cells if name not in known))
        if not ignored:
            return []
        more = f" and {len(ignored) - MOST_NAMED_COLUMNS} more" if len(ignored) > MOST_NAMED_COLUMNS else ""
        return [f"The model does not use {', '.join(ignored[:MOST_NAMED_COLUMNS])}{more}"]


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


def _fault(row: int, column: str | None, detail: str) -> FieldError:
    place: list[str | int] = ["customers", row] if column is None else ["customers", row, column]
    return FieldError(row=row + 1, pointer=pointer(place), detail=detail)


def _flat(faults: Mapping[int, Sequence[FieldError]]) -> list[FieldError]:
    return [fault for row in sorted(faults) for fault in faults[row]]


def _reject(row: int, customer_id: str | None, faults: Sequence[FieldError]) -> Rejected:
    return Rejected(row=row + 1, customer_id=customer_id, errors=[Fault(**asdict(fault)) for fault in faults])


def _each(kind: type[Shown], reasons: Sequence[object] | None) -> list[Shown] | None:
    return None if reasons is None else [kind.model_validate(reason) for reason in reasons]
