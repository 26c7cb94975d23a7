"""Assignment of whole datasets.

As a job into a table of its own, or on the fly to list the members of a segment.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pyarrow as pa

from models.scoring.assignment_counts import AssignmentCounts
from service.datasets import operations as datasets
from service.datasets import stored_versions
from service.datasets.dataset_schema import stored_schema
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_versions import DatasetAt
from service.errors import Conflict
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


def plan_run(session: Session, model: ModelRow, version: VersionRow, at: DatasetAt) -> JobRow:
    """Insert a run, which assigns a dataset by a version, and its job, if both still exist."""
    tenant, (row, source) = model.tenant, at
    stored_versions.get_version_by_id(session, row.id, source.version)
    registry.check_exists(session, model, version)
    run_id = str(uuid4())
    job = jobs.create_job(session, tenant, ASSIGN, {"run": run_id})
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
    """Assign the customers of a run's dataset, batch by batch, into the attempt's own table."""
    progress("placing", 0.0)
    with stores.database.reading() as session:
        run = repository.get_run_by_id(session, payload["run"])
        model, version = registry_repository.get_by_id(session, run.model_id, run.version)
        source = stored_versions.get_version_by_id(session, run.dataset_id, run.dataset_version)
        assigner = open_batch(session, stores, model, version, source)
    path = _begin_table(stores, run, registry.owner(model, version), attempt)
    tallies: list[AssignmentCounts] = []

    def batches() -> Iterator[pa.RecordBatch]:
        tallies.append(tally := AssignmentCounts())  # a further try counts anew
        for batch in assigner.assign(read_source(stores, run.tenant, source, assigner), tally):
            progress("placing", (tally.n_assigned + tally.n_rejected) / source.n_customers)
            yield batch

    stores.tables.write(path, ASSIGNMENT_SCHEMA, batches)

    def finish(session: Session) -> JsonObject:
        # A customer who was erased meanwhile must not come back by a run that had begun before.
        stored_versions.get_version_by_id(session, run.dataset_id, run.dataset_version)
        row = repository.get_run_by_id(session, run.id)
        row.attempt, row.counts = attempt, assigner.counts(tallies[-1])
        row.findings = assigner.findings(tallies[-1], stored_schema(source).names)
        return {"model": model.name, "version": version.number, "run": run.id}

    return JobResult(finish=finish, undo=lambda: stores.tables.drop(path))


def _begin_table(stores: Stores, run: RunRow, owner: str, attempt: int) -> str:
    """Register an attempt's table for erasures, and remove the tables of earlier attempts."""
    with stores.database.writing() as session:
        stored_versions.get_version_by_id(session, run.dataset_id, run.dataset_version)
        datasets.derive(session, run.dataset_id, run_path(run, attempt), owner)
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
    path = stored_versions.table_path(tenant, source.dataset_id)
    return stores.tables.batches(path, source.table_version, columns, start=start)


def read_assigned(stores: Stores, run: RunRow, names: Mapping[str, str], *, start: int) -> Rows:
    """Read the assignments of a run, from a row on."""
    if run.attempt is None:
        raise Conflict("The run is not finished yet, or failed")
    return Rows(
        schema=NAMED_ASSIGNMENT_SCHEMA,
        batches=with_segment_names(
            stores.tables.batches(run_path(run, run.attempt), start=start), names
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
