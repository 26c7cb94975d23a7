"""Parser of a few rows of JSON, cell by cell.

Reads what `read_batch` reads from the same body. Unusual and invalid bodies are left to it.
"""

from typing import Final

from models.cells import EXACT_INTEGERS, BadCell, integer_id
from models.columns import Column, cell_parser
from service.customers.batch import RowPatches
from service.datasets.dataset_schema import CUSTOMER_ID, TableContent
from service.stores.database import JsonObject
from service.web.formats import TableLimits
from service.web.formats.json_reader import DECODER, LIST

# Beyond these, a body is parsed faster as a table, and would hold up the event loop.
MAX_ROWS: Final = 32
MAX_CELLS: Final = 320

_SCALARS: Final = frozenset({float, bool, type(None)})


class RowParser:
    """Parses the customers of a JSON body by the columns of a dataset."""

    def __init__(self, content: TableContent) -> None:
        self._key = content.customer_id
        columns = {column.name: column for column in content.columns}
        key = columns.pop(self._key, None) or Column(
            name=self._key, kind="identifier", missing=0, distinct=0
        )
        self._parse_identifier = cell_parser(key, is_id=True)
        self._parsers = {name: cell_parser(column) for name, column in columns.items()}

    def parse(self, body: bytes, limits: TableLimits) -> RowPatches | None:
        """Parse the rows of a body; None if it is unusual, or any row is invalid."""
        try:
            rows = _decode(body)
            if len(rows) > min(MAX_ROWS, limits.rows) or sum(map(len, rows)) > MAX_CELLS:
                return None
            key = self._key if self._key in rows[0] else CUSTOMER_ID
            parsed = [self._parse_row(row, key, limits) for row in rows]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        return _build_patches(parsed)

    def _parse_row(self, row: JsonObject, key: str, limits: TableLimits) -> tuple[str, JsonObject]:
        """Return the id of a customer, and the other cells of its row."""
        if not all(_is_usual(cell, limits.characters) for cell in row.values()):
            raise BadCell("is unusual")
        customer = self._parse_id(row[key])
        return customer, {
            name: self._parsers[name](cell) for name, cell in row.items() if name != key
        }

    def _parse_id(self, cell: object) -> str:
        customer = None if isinstance(cell, float) else self._parse_identifier(cell)
        # An id such as 17850.0 is an integer if the dataset has only such ids.
        if not isinstance(customer, str) or integer_id(customer):
            raise BadCell("is unusual")
        return customer


def _is_usual(cell: object, max_characters: int) -> bool:
    if isinstance(cell, str):
        return len(cell) <= max_characters
    if type(cell) is int:
        return abs(cell) < EXACT_INTEGERS
    return type(cell) in _SCALARS


def _decode(body: bytes) -> list[JsonObject]:
    """Decode a body to its rows; raises an error if it has anything else."""
    document = DECODER.decode(body.decode())
    rows = document[LIST] if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(rows, list) or set(map(type, rows)) != {dict}:
        raise ValueError(LIST)
    return rows


def _build_patches(parsed: list[tuple[str, JsonObject]]) -> RowPatches:
    """Keep the last row of each customer."""
    last = {customer: row for row, (customer, _) in enumerate(parsed)}
    kept = sorted(last.values())
    return RowPatches(
        cells=dict(parsed[row] for row in kept),
        customer_ids=[customer for customer, _ in parsed],
        outcomes=[
            "written" if last[customer] == row else "superseded"
            for row, (customer, _) in enumerate(parsed)
        ],
        faults={},
        warnings=(),
    )
