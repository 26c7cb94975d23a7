"""Streaming JSON reader of assignment requests.

Only a chunk of rows is in memory as objects at a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO, Final, cast

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.assignments.inputs import CustomerBatch
from service.assignments.schemas import AssignmentRequest
from service.web.formats import TableLimits
from service.web.formats.charsets import blocks, opened_text
from service.web.formats.json_depth import check_depth_of
from service.web.formats.json_reader import LIST, MAX_VALUE_LENGTH, Document

CHUNK_ROWS: Final = 100

_DECODER: Final = json.JSONDecoder()


def read_customers(file: BinaryIO, bounds: TableLimits, *, max_depth: int) -> CustomerBatch:
    """Read the customers of an assignment request.

    Raises RequestValidationError if they are not valid.
    """
    check_depth_of(blocks(file), max_depth)
    file.seek(0)
    encoding = json.detect_encoding(file.read(4))
    with opened_text(file, encoding) as text:
        document = Document(text.read, _DECODER, longest=MAX_VALUE_LENGTH)
        if document.peek() != "{":
            _validate(document.value())
        customers = None
        for name in document.names():
            if name != LIST:
                _validate({LIST: [{}], name: None})
            if document.peek() != "[":
                _validate({LIST: None})
            customers = CustomerBatch.of_rows(_validate_rows(document.items()), bounds)
        document.end()
        if customers is None or not customers.n_rows:
            _validate({} if customers is None else {LIST: []})
        return cast("CustomerBatch", customers)


def _validate_rows(rows: Iterable[object]) -> Iterator[Mapping[str, object]]:
    flat_rows = map(_without_nested_cells, rows)
    n_before = 0
    while chunk := list(islice(flat_rows, CHUNK_ROWS)):
        yield from _validate({LIST: chunk}, n_before).customers
        n_before += len(chunk)


def _without_nested_cells(row: object) -> object:
    """Empty nested cells: a cell cannot be a list or an object, and its content uses memory."""
    if not isinstance(row, dict):
        return [] if isinstance(row, list) else row
    nested = {name: type(cell)() for name, cell in row.items() if isinstance(cell, list | dict)}
    return row | nested if nested else row


def _validate(part: Any, n_before: int = 0) -> AssignmentRequest:  # noqa: ANN401 - unvalidated JSON
    """Validate a part of a body; error locations count the rows before it."""
    try:
        return AssignmentRequest.model_validate(part)
    except ValidationError as error:
        faults = [
            {**fault, "loc": ("body", *_shift_rows(fault["loc"], n_before))}
            for fault in error.errors(include_input=False)
        ]
        body = {LIST: [None] * n_before + part[LIST]} if n_before else part
        raise RequestValidationError(faults, body=body) from None


def _shift_rows(location: tuple[int | str, ...], n_rows: int) -> Iterator[int | str]:
    return (step + n_rows if isinstance(step, int) else step for step in location)
