"""Encoder of the results of upserts as JSON (msgspec)."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from service.customers.row_writes import UpsertResult
from service.errors import FieldError
from service.stores.database import JsonObject
from service.web.problems import Fault

_encode = msgspec.json.Encoder().encode


def encode_upsert(done: UpsertResult) -> bytes:
    """Encode a result as the schema `Upsert`, without fields that are null."""
    version = done.version
    used = {} if version is None else {"model": version.model, "model_version": version.version}
    return _encode(
        {
            "dataset": done.dataset,
            "dataset_version": done.dataset_version,
            "n_customers": done.n_customers,
            **used,
            "counts": Counter(done.results),
            "results": [_build_row(done, row) for row in range(len(done.results))],
            "warnings": done.warnings,
        }
    )


def _build_row(done: UpsertResult, row: int) -> JsonObject:
    customer, faults = done.customer_ids[row], done.faults.get(row, ())
    named = {} if customer is None else {"customer_id": customer}
    built: JsonObject = {"row": row + 1, **named, "result": done.results[row]}
    stored = done.assignments.get(customer or "")
    if stored is not None and not faults:
        built["assignment"], faults = stored.assignment, stored.errors
    if faults:
        built["errors"] = list(_build_faults(faults))
    return built


def _build_faults(faults: Iterable[FieldError]) -> Iterable[JsonObject]:
    for fault in faults:
        yield {
            name: value
            for name in Fault.model_fields
            if (value := getattr(fault, name)) is not None
        }
