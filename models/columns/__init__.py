"""Schema inference: kinds of columns, and tables parsed by them."""

from models.columns.cell_errors import MAX_LISTED
from models.columns.cell_parser import cell_parser
from models.columns.column import Column, Kind, Override
from models.columns.column_counts import count_columns
from models.columns.column_parser import read_rows
from models.columns.numeric_dates import SERIALS
from models.columns.overrides import DATE_FORMS, check_numerals
from models.columns.schema import TableSchema, apply_schema, infer_schema
from models.errors import (
    BadCells,
    CellError,
    DuplicateCustomers,
    MissingCustomerId,
    UnknownColumn,
)

__all__ = [
    "DATE_FORMS",
    "MAX_LISTED",
    "SERIALS",
    "BadCells",
    "CellError",
    "Column",
    "DuplicateCustomers",
    "Kind",
    "MissingCustomerId",
    "Override",
    "TableSchema",
    "UnknownColumn",
    "apply_schema",
    "cell_parser",
    "check_numerals",
    "count_columns",
    "infer_schema",
    "read_rows",
]
