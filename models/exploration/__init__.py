"""What the columns of a table are, and tables read as what their columns are."""

from models.exploration.description import Described, describe_columns, typed_table
from models.exploration.faults import (
    MAX_LISTED,
    BadCells,
    CellError,
    DuplicateCustomers,
    MissingCustomerId,
    UnknownColumn,
)
from models.exploration.kinds import Column, Kind, Override
from models.exploration.reading import read_rows
from models.exploration.recounting import recount

__all__ = [
    "MAX_LISTED",
    "BadCells",
    "CellError",
    "Column",
    "Described",
    "DuplicateCustomers",
    "Kind",
    "MissingCustomerId",
    "Override",
    "UnknownColumn",
    "describe_columns",
    "read_rows",
    "recount",
    "typed_table",
]
