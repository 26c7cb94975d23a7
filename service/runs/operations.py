"""Assignment of whole datasets.

As a job into a table of its own, or on the fly to list the members of a segment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final
from uuid import uuid4

import pyarrow as pa

from models.scoring.assignment_counts import AssignmentCounts
from service.datasets import operations as datasets
from service.datasets import stored_versions
from service.datasets.dataset_schema import stored_schema
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_customers import read_customer_batches, read_derived_batches
from service.datasets.stored_versions import DatasetAt
from service.errors import Conflict, NotFound, TableBusy, TableGone
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import JobRow
from service.registry import operations as registry
from service.registry import repository as registry_repository
from service.registry.rows import ModelRow, VersionRow
from service.runs import repository
from service.runs.batch import (
    ASSIGNMENT_SCHEMA,
    NAMED_ASSIGNMENT_SCHEMA,
    BatchAssigner,
    with_segment_names,
)
from service.runs.rows import RunRow
from service.stores import Stores
from service.stores.database import JsonObject, Session, now
from service.stores.tables import Rows

ASSIGN = "assign"
IS_NAMED: Final = "is_version_named"


def plan_run(
    session: Session, model: ModelRow, version: VersionRow, at: DatasetAt, *, is_named: bool
) -> JobRow:
    """Insert a run, which assigns a dataset by a version, and its job, if both still exist.

    `is_named` is whether the request names the dataset version, rather than the newest.
    """
    tenant, (row, planned) = model.tenant, at
    source = _find_source(session, row.id, planned.version, is_named=is_named)
    registry.check_exists(session, model, version)
    run_id = str(uuid4())
    job = jobs.create_job(session, tenant, ASSIGN, {"run": run_id, IS_NAMED: is_named})
    run = RunRow(
        id=run_id,
        tenant=tenant,
        model_id=model.id,
        version=version.number,
        job_id=job.id,
        created_at=now(),
    )
    run.dataset_id, run.dataset, run.dataset_version = row.id, row.name, source.version
    session.add(run)
    return job


def assign_dataset(
    stores: Stores, payload: JsonObject, attempt: int, progress: Progress
) -> JobResult:
    """Assign the customers of a run's dataset, batch by batch, into the attempt's own table.

    Begins anew with the newest version if an erasure deletes the one that is read, unless the
    request named that.
    """
    progress("placing", 0.0)
    return stores.tables.retry(partial(_assign_version, stores, payload, attempt, progress))


def _assign_version(
    stores: Stores, payload: JsonObject, attempt: int, progress: Progress
) -> JobResult:
    """Assign the customers of the version that a run reads.

    Raises TableBusy if an erasure deletes the version, and a newer one is to be read.
    """
    is_named = payload.get(IS_NAMED, True)
    with stores.database.reading() as session:
        run = repository.get_run_by_id(session, payload["run"])
        model, version = registry_repository.get_by_id(session, run.model_id, run.version)
        source = _find_source(session, run.dataset_id, run.dataset_version, is_named=is_named)
        assigner = open_batch(session, stores, model, version, source)
    tallies: list[AssignmentCounts] = []

    def batches() -> Iterator[pa.RecordBatch]:
        tallies.append(tally := AssignmentCounts())  # a further try counts anew
        for batch in assigner.assign(read_source(stores, run.tenant, source, assigner), tally):
            progress("placing", (tally.n_assigned + tally.n_rejected) / source.n_customers)
            yield batch

    with _busy_if_erased(source.version, is_named=is_named):
        path = _begin_table(stores, run, source, registry.owner(model, version), attempt)
        with _dropped_on_error(stores, path):
            stores.tables.write(path, ASSIGNMENT_SCHEMA, batches)
            _require_kept(stores, run.dataset_id, source.version)

    def finish(session: Session) -> JsonObject:
        # A customer who was erased meanwhile must not come back by a run that had begun before.
        with _busy_if_erased(source.version, is_named=is_named):
            stored_versions.get_version_by_id(session, run.dataset_id, source.version)
        row = repository.get_run_by_id(session, run.id)
        row.attempt, row.counts = attempt, assigner.counts(tallies[-1])
        row.dataset_version = source.version
        row.findings = assigner.findings(tallies[-1], stored_schema(source).names)
        return {"model": model.name, "version": version.number, "run": run.id}

    return JobResult(finish=finish, undo=lambda: stores.tables.drop(path))


def _find_source(
    session: Session, dataset_id: str, version: int, *, is_named: bool
) -> DatasetVersionRow:
    find = stored_versions.get_version_by_id if is_named else stored_versions.get_version_or_newest
    return find(session, dataset_id, version)


@contextmanager
def _busy_if_erased(version: int, *, is_named: bool) -> Iterator[None]:
    """Raise TableBusy if a block finds a version gone, or NotFound if the request named that."""
    try:
        yield
    except (NotFound, TableGone) as gone:
        raise (stored_versions.version_gone(version) if is_named else TableBusy()) from gone


@contextmanager
def _dropped_on_error(stores: Stores, path: str) -> Iterator[None]:
    """Drop a table if a block, which writes it, raises an error."""
    try:
        yield
    except BaseException:
        stores.tables.drop(path)
        raise


def _require_kept(stores: Stores, dataset_id: str, version: int) -> None:
    """Raise NotFound if a version was deleted while it was read."""
    with stores.database.reading() as session:
        stored_versions.get_version_by_id(session, dataset_id, version)


def _begin_table(
    stores: Stores, run: RunRow, source: DatasetVersionRow, owner: str, attempt: int
) -> str:
    """Register an attempt's table for erasures, and remove the tables of earlier attempts."""
    with stores.database.writing() as session:
        stored_versions.get_version_by_id(session, run.dataset_id, source.version)
        datasets.derive(session, source, run_path(run, attempt), owner)
    for earlier in range(1, attempt):
        stores.tables.drop(run_path(run, earlier))
    return run_path(run, attempt)


def open_batch(
    session: Session,
    stores: Stores,
    model: ModelRow,
    version: VersionRow,
    source: DatasetVersionRow,
) -> BatchAssigner:
    """Get a version ready to place the customers of a dataset."""
    profiles = registry_repository.list_profiles(session, version)
    return BatchAssigner(
        scorer=stores.scorers.get(registry.artifact_ref(model, version)),
        segments=[segment.id for _, segment in profiles],
        customer_id=source.customer_id,
    )


def read_source(
    stores: Stores,
    tenant: str,
    source: DatasetVersionRow,
    assigner: BatchAssigner,
    *,
    start: int = 0,
) -> Iterator[pa.RecordBatch]:
    """Read the columns of a dataset that an assignment needs, from row `start` on."""
    columns = assigner.columns(stored_schema(source).names)
    return read_customer_batches(stores, tenant, source, columns, start=start)


def read_assigned(stores: Stores, run: RunRow, names: Mapping[str, str], *, start: int) -> Rows:
    """Read the assignments of a run, from a row on."""
    if run.attempt is None:
        raise Conflict("The run is not finished yet, or failed")
    return Rows(
        schema=NAMED_ASSIGNMENT_SCHEMA,
        batches=with_segment_names(
            read_derived_batches(stores, run.dataset_id, run_path(run, run.attempt), start=start),
            names,
        ),
    )


def read_members(
    session: Session, stores: Stores, ready: tuple[ModelRow, VersionRow], ref: str, *, start: int
) -> Rows:
    """Read the members of a segment among the customers of the fit, beginning at a row."""
    model, version = ready
    _, segment = registry_repository.get_segment(session, version, ref)
    source = stored_versions.get_version_by_id(session, version.dataset_id, version.dataset_version)
    assigner = open_batch(session, stores, model, version, source)
    batches = read_source(stores, model.tenant, source, assigner, start=start)
    schema = assigner.members_schema(stored_schema(source))
    return Rows(schema=schema, batches=assigner.members(batches, segment.id, start=start))


def run_path(run: RunRow, attempt: int) -> str:
    """Name the table of one attempt at a run in the table store."""
    return f"{run.tenant}/runs/{run.id}/{attempt}"
