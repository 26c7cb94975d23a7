"""Folds: the changes of a dataset merged into a new stored version, elsewhere called compaction."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from service.datasets import repository
from service.datasets.dataset_schema import content_of, days_moved, recount
from service.datasets.stored_versions import DatasetAt, find_at
from service.datasets.version_writer import (
    NextVersion,
    build_next_version,
    read_current,
    read_ledger,
    write_once,
)
from service.errors import DatasetDeleted, NotFound
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import FOLD
from service.stores import Stores
from service.stores.database import JsonObject, Session, now


def run_fold(
    stores: Stores,
    payload: JsonObject,
    attempt: int,  # noqa: ARG001 - the signature of all jobs
    progress: Progress,
) -> JobResult:
    """Run the fold job: store the changes of a dataset as a version, if it still exists."""
    progress("folding", 0.0)
    with suppress(NotFound, DatasetDeleted):
        fold_dataset(stores, payload["tenant"], payload["dataset"])
    return JobResult(finish=lambda _: {}, undo=lambda: None)


def fold_dataset(stores: Stores, tenant: str, name: str, version: int | None = None) -> None:
    """Store the changes of a dataset as a version, so that jobs can refer to it by its number.

    Folds the changes up to a version number, by default all. Does nothing if there are none.
    """

    def act() -> None:
        with stores.database.reading() as session:
            at = dataset, newest = find_at(session, tenant, name, None)
            up_to = dataset.seq
            if version is not None:
                up_to = repository.last_seq(session, dataset.id, up_to_version=version) or 0
        if up_to > newest.seq:
            write_once(stores, _plan_fold(stores, at, up_to))

    stores.tables.retry(act)


def plan_overdue_folds(stores: Stores) -> None:
    """Create the fold jobs of datasets whose changes have waited for as long as they may."""
    with stores.database.writing() as session:
        for tenant, name in repository.list_unfolded(session, before=now() - stores.fold_after):
            jobs.plan_unless_queued(session, tenant, FOLD, {"tenant": tenant, "dataset": name})


def _plan_fold(stores: Stores, at: DatasetAt, up_to: int) -> NextVersion:
    dataset, version = at
    current = read_current(stores, at, up_to=up_to)
    moved = days_moved(content_of(version), current.content)
    planned = build_next_version(
        at,
        current.table,
        recount(current.content, current.table),
        partial(_move_days, up_to, moved),
    )
    if dataset.recipe is not None:
        planned = replace(planned, ledger=read_ledger(stores, at, dataset.recipe))
    return replace(planned, seq=up_to, number=current.number)


def _move_days(up_to: int, moved: Mapping[str, int], session: Session, at: DatasetAt) -> None:
    """Rebase the dates among the changes after a seq as those of the stored table were."""
    dataset, _ = at
    if not moved:
        return
    for change in repository.list_changes(session, dataset.id, after=up_to, up_to=dataset.seq):
        cells = change.cells or {}
        change.cells = cells | {
            name: cells[name] - days for name, days in moved.items() if cells.get(name) is not None
        }
