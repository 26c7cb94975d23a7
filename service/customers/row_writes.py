"""Writes of a few rows: their changes, results and answers, in one transaction for all."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from service.assignments.operations import LoadedVersion
from service.assignments.stored_rows import StoredAssignment, assign_stored_rows
from service.customers.batch import Faults, Outcome, RowPatches
from service.customers.row_parser import RowParser
from service.datasets import stored_customers, stored_versions
from service.datasets.change_log import ChangeAppender
from service.datasets.dataset_schema import TableContent, content_of
from service.datasets.stored_versions import DatasetAt
from service.errors import Conflict, ServiceError
from service.idempotency.operations import AnswerBook, KeyedRequest
from service.stores import Stores
from service.stores.database import JsonObject, Session

if TYPE_CHECKING:
    from service.stores.lookup import Lookup

Result = Literal["inserted", "updated", "superseded", "rejected"]


@dataclass(frozen=True, kw_only=True)
class UpsertResult:
    """Result of an upsert, with one entry per row of the batch.

    `faults` are keyed by row, counting from 0. `warnings` are those of the body and of the columns
    that it adds. `version` has assigned the stored rows, if that was asked for.
    """

    dataset: str
    dataset_version: int
    n_customers: int
    customer_ids: Sequence[str | None]
    results: Sequence[Result]
    faults: Faults
    warnings: Sequence[str]
    version: LoadedVersion | None = None
    assignments: Mapping[str, StoredAssignment]


Keep = Callable[[Session, UpsertResult], None]
Encode = Callable[[UpsertResult], bytes]


@dataclass(frozen=True, kw_only=True, eq=False)
class WritableDataset:
    """A dataset at its newest stored version, open for writes on top of that."""

    at: DatasetAt
    content: TableContent
    parser: RowParser
    lookup: "Lookup"

    def find_rows(self, customer_ids: Iterable[str]) -> dict[str, int]:
        """Return the stored row of each customer, -1 for new ones."""
        ids = list(customer_ids)
        return dict(zip(ids, self.lookup.find(ids).tolist(), strict=True))

    def stored_cells(self, row: int) -> JsonObject:
        """Return the cells of a stored row; row -1, of a new customer, has none."""
        return self.lookup.row(row) if row >= 0 else {}


@dataclass(frozen=True, kw_only=True)
class RowsWrite:
    """The rows of one request.

    `sent` is the request if it has an idempotency key, and `version` the model version that assigns
    the stored rows, if any.
    """

    patches: RowPatches
    sent: KeyedRequest | None = None
    version: LoadedVersion | None = None


def open_dataset(stores: Stores, tenant: str, name: str) -> WritableDataset:
    """Open a dataset for writes; raises NotFound, or Conflict if no customers can be written."""
    at = stored_versions.newest(stores, tenant, name)
    content = require_writable(at)
    return WritableDataset(
        at=at,
        content=content,
        parser=RowParser(content),
        lookup=stored_customers.open_lookup(stores, at),
    )


def commit_writes(
    stores: Stores, target: WritableDataset, writes: Sequence[RowsWrite], encode: Encode
) -> list[bytes | ServiceError]:
    """Store the rows of several requests in one transaction; return the answer to each.

    Raises TableBusy if the stored version of the dataset is no longer the newest.
    """
    rows = target.find_rows({customer for write in writes for customer in write.patches.cells})
    stored = {customer for customer, row in rows.items() if row >= 0}
    keys = {write.sent.key for write in writes if write.sent is not None}
    with stores.database.writing() as session:
        changes = ChangeAppender(session, target.at, rows, stored=stored)
        answers = AnswerBook(session, target.at.dataset.tenant, keys)

        def store(write: RowsWrite) -> bytes | ServiceError:
            try:
                answer = None if write.sent is None else answers.find(write.sent)
            except ServiceError as refusal:
                return refusal
            if answer is None:
                answer = encode(_append(changes, write, target, rows))
                if write.sent is not None:
                    answers.add(write.sent, answer)
            return answer

        outcomes = list(map(store, writes))
        changes.save()
        answers.save()
    return outcomes


def require_writable(at: DatasetAt) -> TableContent:
    """Return the description of a version; raises Conflict if customers cannot be written to it."""
    dataset, version = at
    name, content = dataset.name, content_of(version)
    if dataset.recipe is not None:
        raise Conflict(
            f"{name} is built from transactions; post them to /v1/datasets/{name}/transactions"
        )
    if content.generated_ids:
        raise Conflict(
            f"The dataset {name} has no customer id column; upload the whole table again"
        )
    return content


def _append(
    changes: ChangeAppender, write: RowsWrite, target: WritableDataset, rows: Mapping[str, int]
) -> UpsertResult:
    """Append the rows of a request to the changes of its dataset."""
    patches = write.patches
    counted = changes.append(patches.cells)
    assignments: Mapping[str, StoredAssignment] = {}
    if write.version is not None:
        assignments = assign_stored_rows(
            write.version,
            {
                customer: target.stored_cells(rows[customer]) | cells
                for customer, cells in counted.cells.items()
            },
        )
    return UpsertResult(
        dataset=target.at.dataset.name,
        dataset_version=counted.dataset_version,
        n_customers=counted.n_customers,
        customer_ids=patches.customer_ids,
        results=build_results(patches.outcomes, patches.customer_ids, counted.known),
        faults=patches.faults,
        warnings=patches.warnings,
        version=write.version,
        assignments=assignments,
    )


def build_results(
    outcomes: Sequence[Outcome], customer_ids: Sequence[str | None], known: Collection[str]
) -> list[Result]:
    """Split the written rows into those of new and of known customers."""
    return [
        outcome if outcome != "written" else "updated" if customer in known else "inserted"
        for outcome, customer in zip(outcomes, customer_ids, strict=True)
    ]
