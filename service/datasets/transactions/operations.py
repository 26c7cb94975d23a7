"""Datasets built from transactions.

A ledger aggregates them by customer and is updated incrementally.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from models.columns import Override
from models.columns.cell_arrays import without_zero_fractions
from models.transactions import (
    Ledger,
    TransactionColumns,
    aggregate_transactions,
    customers,
    format_transactions,
    merge_ledgers,
    warn_of_leap,
)
from service.datasets import operations, version_writer
from service.datasets.dataset_schema import CUSTOMER_ID, read_columns
from service.datasets.operations import Declarations, computed_as_numeric
from service.datasets.rows import DatasetVersionRow
from service.datasets.stored_versions import DatasetAt
from service.datasets.version_writer import LEDGER_VERSION, NextVersion
from service.errors import Conflict, FieldError, InvalidRequest
from service.stores import Stores
from service.stores.database import Session, now


@dataclass(frozen=True, kw_only=True)
class TransactionsResult:
    """Result of adding a batch of transactions.

    `faults` are those of the first of the `n_rejected` rows.
    """

    at: DatasetAt
    n_taken: int
    n_rejected: int
    n_later: int
    faults: Sequence[FieldError]


def put_transactions(
    stores: Stores,
    where: tuple[str, str],
    raw: pa.Table,
    recipe: TransactionColumns,
    declared: Declarations,
) -> DatasetAt:
    """Write a dataset of transactions, one row per customer as of the recipe's reference date.

    `where` is the tenant and the dataset's name. `declared` refers to the columns of the resulting
    customer table.
    """
    if declared.customer_id is not None:
        raise InvalidRequest(
            "With shape=transactions, name the customer column by `customer`, not by `customer_id`"
        )
    kept = aggregate_transactions(raw, recipe, now().date())
    _require_readable(kept, raw.num_rows, atomic=False)
    if not kept.table.num_rows:
        raise InvalidRequest(
            f"None of {raw.num_rows} transactions can be used", errors=_unused(kept)
        )
    described = _describe(kept, replace(declared, customer_id=recipe.customer))
    return version_writer.write_next(
        stores, lambda: described(dataset=operations.reserve(stores, *where), base=None)
    )


def add_transactions(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    raw: pa.Table,
    *,
    atomic: bool,
    warnings: Sequence[str] = (),
    keep: Callable[[Session, TransactionsResult], None] = lambda *_: None,
) -> TransactionsResult:
    """Add transactions to a dataset, and recompute its customers.

    `keep` is called with the result, in the transaction that commits the new version.
    """
    done: list[TransactionsResult] = []

    def plan(at: DatasetAt) -> NextVersion:
        merged, batch = _merge(stores, at, raw, warnings, atomic=atomic)
        dataset, version = at

        def keep_added(session: Session, counted: DatasetAt) -> None:
            n_taken = raw.num_rows - batch.n_faulty - batch.n_later
            result = TransactionsResult(
                at=counted,
                n_taken=n_taken,
                n_rejected=batch.n_faulty,
                n_later=batch.n_later,
                faults=_field_errors(batch),
            )
            done[:] = [result]
            keep(session, result)

        return merged(dataset=dataset, base=version.version, seq=dataset.seq, keep=keep_added)

    version_writer.change_next(stores, tenant, name, plan)
    return done[0]


def _merge(
    stores: Stores, at: DatasetAt, raw: pa.Table, warnings: Sequence[str], *, atomic: bool
) -> tuple[partial[NextVersion], Ledger]:
    """Add a batch of transactions to a version's ledger.

    Returns the plan of the next version, and the ledger of the batch.
    """
    dataset, version = at
    if dataset.recipe is None:
        raise Conflict(
            f"{dataset.name} is not made of transactions; upload it with shape=transactions first"
        )
    recipe = TransactionColumns(
        **{name: value for name, value in dataset.recipe.items() if name != LEDGER_VERSION}
    )
    stored = version_writer.read_ledger(stores, at, dataset.recipe)
    # An older ledger may hold ids that were not read this way.
    ids = without_zero_fractions(stored[CUSTOMER_ID], are_unique=True)
    before = stored.set_column(0, recipe.customer, ids)
    batch = aggregate_transactions(raw, recipe, now().date(), before[recipe.customer])
    _require_readable(batch, raw.num_rows, atomic=atomic)
    leap = warn_of_leap(before, batch.table) if recipe.reference is None else None
    said = (*batch.warnings, *([leap] if leap else []))
    merged = replace(batch, table=merge_ledgers(before, batch.table), warnings=said)
    declared = Declarations(
        customer_id=recipe.customer, columns=_declared(version), warnings=warnings
    )
    described = _describe(merged, declared)
    return partial(described, changed=_changed_customers(before, batch)), batch


def _changed_customers(before: pa.Table, batch: Ledger) -> list[str] | None:
    """Return the customers of a batch; None if it moves the reference date of all customers."""
    newest, later = (pc.max(ledger["last_day"]).as_py() for ledger in (before, batch.table))
    if batch.recipe.reference is None and later is not None and (newest is None or later > newest):
        return None
    customers_of_batch: list[str] = batch.table[batch.recipe.customer].to_pylist()
    return customers_of_batch


def _describe(kept: Ledger, declared: Declarations) -> partial[NextVersion]:
    """Build the next version of a dataset from a ledger.

    Its customer table and the ledger itself.
    """
    described = customers(kept.table, kept.recipe.reference)
    columns = computed_as_numeric(declared.columns, described.column_names[1:])
    warnings = [*_warnings(kept), *_warn_constant(described, columns)]
    table, content = operations.describe_table(
        described, replace(declared, columns=columns), warnings
    )
    plain = kept.table.rename_columns([CUSTOMER_ID, *kept.table.column_names[1:]])
    return partial(
        NextVersion, table=table, content=content, recipe=asdict(kept.recipe), ledger=plain
    )


def _declared(version: DatasetVersionRow) -> dict[str, Override]:
    """Return the declared kinds of the columns.

    The kind of one that was ignored by inference stays open.
    """
    return {
        column.name: Override(
            kind=None if column.kind == "ignored" and column.reason != "declared" else column.kind,
            missing=column.missing_markers,
        )
        for column in read_columns(version)
    }


def _require_readable(kept: Ledger, n_rows: int, *, atomic: bool) -> None:
    if kept.n_faulty and (atomic or kept.n_faulty == n_rows):
        raise InvalidRequest(
            f"{kept.n_faulty} of {n_rows} transactions cannot be read", errors=_field_errors(kept)
        )


def _unused(kept: Ledger) -> list[FieldError]:
    """Return the faults of unreadable transactions or, without any, warnings about omitted ones."""
    return _field_errors(kept) or [FieldError(detail=warning) for warning in _warnings(kept)]


def _field_errors(kept: Ledger) -> list[FieldError]:
    return [
        FieldError(row=cell.row, detail=f"{cell.column}: {cell.detail}") for cell in kept.faults
    ]


def _warnings(kept: Ledger) -> list[str]:
    n_after = kept.n_later if kept.recipe.reference is not None else 0
    left_out = [
        f"{format_transactions(n)} left out: {why}"
        for n, why in (
            (kept.n_faulty, _first_error(kept)),
            (n_after, "they are later than the reference date"),
        )
        if n
    ]
    return [*kept.warnings, *left_out]


def _warn_constant(described: pa.Table, columns: Mapping[str, Override]) -> list[str]:
    """Build a warning for each numeric column that has a single value or none."""
    extremes = {name: pc.min_max(described[name]).as_py() for name in described.column_names[1:]}
    return [
        f"{name!r} is {'unknown' if found['min'] is None else 'the same'} for every customer: a "
        "fit leaves it out"
        for name, found in extremes.items()
        if found["min"] == found["max"] and columns[name].kind == "numeric"
    ]


def _first_error(kept: Ledger) -> str:
    first = kept.faults[0] if kept.faults else None
    return (
        f"the first is row {first.row}, where {first.column} {first.detail}"
        if first
        else "they cannot be read"
    )
