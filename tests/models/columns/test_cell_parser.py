"""Cells parsed one at a time, against columns parsed as a whole."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import cells
from models.columns import Column, cell_parser, read_rows

KINDS = st.sampled_from(["numeric", "categorical", "identifier", "ignored"])
FORMATS = st.none() | st.sampled_from(["1.234,56", "1,234.56 €", "12.5 %"])
MARKERS = st.lists(st.sampled_from(["999", "-1", "n/a", "?", "1.0", "true"]), max_size=2)
NUMBERS = ["12", " 12.5 ", "-1", "1e3", "999", "999.0", "1.0", "007", "1.234,56", "1,234.56 €"]
WORDS = ["", " ", "n/a", "N/A", "Ulm", "ULM ", "true", "True", "inf", "İstanbul", "x" * 300]
TEXTS = st.sampled_from(
    [*NUMBERS, *WORDS, "12.5 %", "2024-05-01", "01/05/2024", "a\tb", "\x07", "\ud800"]
)
CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)  # the readers of bodies refuse others
    | TEXTS
    | st.text(max_size=8)
)


@st.composite
def columns(draw):
    """Draw a column of any kind, format and markers of missing values."""
    kind = draw(KINDS)
    numerals = draw(FORMATS) if kind == "numeric" else None
    is_date = kind == "numeric" and numerals is None and draw(st.booleans())
    return Column(
        name="cell",
        kind=kind,
        missing=0,
        distinct=0,
        missing_markers=tuple(draw(MARKERS)),
        fold_case=kind == "categorical" and draw(st.booleans()),
        numerals="yyyy-mm-dd" if is_date else numerals,
        newest="2024-06-01" if is_date else None,
    )


def read_alone(column, cell, *, is_id):
    """Parse a cell as the only one of a column, as the readers of bodies hand it over."""
    text = cells.category(cell) if isinstance(cell, bool) else cell
    raw = pa.table({"cell": pa.array([text], pa.string() if text is None else None)})
    table, errors = read_rows(raw, [column], customer_id="cell" if is_id else None)
    return table["cell"][0].as_py(), bool(errors)


def parse(column, cell, *, is_id=False):
    try:
        return cell_parser(column, is_id=is_id)(cell), False
    except (ValueError, OverflowError):
        return None, True


@given(columns(), CELLS)
def test_a_cell_alone_is_what_it_is_in_a_column(column, cell):
    try:
        expected = read_alone(column, cell, is_id=False)
    except ValueError:  # such as half a character
        expected = None, True
    assert parse(column, cell) == expected


@given(MARKERS, st.none() | st.integers(0, 10**15) | TEXTS)
def test_an_id_alone_is_what_it_is_in_a_column(markers, cell):
    column = Column(
        name="cell", kind="identifier", missing=0, distinct=0, missing_markers=tuple(markers)
    )
    try:
        expected, _ = read_alone(column, cell, is_id=True)
    except ValueError:
        expected = None
    if expected is None or "." in str(cell):  # a missing id, and one that may become an integer
        return
    assert parse(column, cell, is_id=True) == (expected, False)


@pytest.mark.parametrize("repeated", ["2024-05-02", "2024-05-31"])
def test_dates_are_days_before_the_newest_date_of_the_column(repeated):
    column = Column(
        name="seen",
        kind="numeric",
        missing=0,
        distinct=0,
        numerals="yyyy-mm-dd",
        newest="2024-06-01",
    )
    read = cell_parser(column)
    days = {"2024-05-02": 30.0, "2024-05-31": 1.0}
    assert [read(repeated), read(repeated)] == [days[repeated]] * 2
