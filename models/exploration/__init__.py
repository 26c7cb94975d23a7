"""What the columns of a table are, and tables read as what their columns are."""

from models.exploration.declaring import DATE_FORMS, check_numerals
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
from models.exploration.serials import SERIALS

__all__ = [
    "DATE_FORMS",
    "MAX_LISTED",
    "SERIALS",
    "BadCells",
    "CellError",
    "Column",
    "Described",
    "DuplicateCustomers",
    "Kind",
    "MissingCustomerId",
    "Override",
    "UnknownColumn",
    "check_numerals",
    "describe_columns",
    "read_rows",
    "recount",
    "typed_table",
]
