"""Small JSON bodies parsed cell by cell, against the same bodies read as tables."""

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.columns import Column
from service.customers.batch import read_batch
from service.customers.row_parser import MAX_CELLS, MAX_ROWS, RowParser
from service.datasets.dataset_schema import TableContent
from service.web.formats import DEFAULT_LIMITS, read_patch

JSON = "application/json"


def column(name, kind, **described):
    return Column(name=name, kind=kind, missing=0, distinct=0, **described)


CONTENT = TableContent(
    customer_id="id",
    generated_ids=False,
    n_customers=3,
    columns=[
        column("id", "identifier"),
        column("age", "numeric", missing_markers=("999",)),
        column("plan", "categorical", missing_markers=("n/a",)),
        column("city", "categorical", fold_case=True),
        column("seen", "numeric", numerals="yyyy-mm-dd", newest="2024-06-01"),
        column("note", "ignored"),
    ],
    warnings=[],
)
CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 1000)
    | st.floats(-10, 1000)
    | st.sampled_from(["12", "999", "n/a", "Ulm", "ULM", "2024-05-01", "", " ", "1.0", "\x07"])
    | st.text(max_size=5)
)
IDS = st.sampled_from(["a", "b", " a ", "7", "7.0", "", ".."]) | st.integers(0, 9) | CELLS
NAMES = ["age", "plan", "city", "seen", "note", "other"]
ROWS = st.builds(
    lambda key, customer, cells: {**({key: customer} if key else {}), **cells},
    st.sampled_from(["id", "id", "id", "customer_id", ""]),
    IDS,
    st.dictionaries(st.sampled_from(NAMES), CELLS, max_size=4),
)


def as_table(body):
    """Read a body as a table, as large bodies are."""
    batch = read_batch(read_patch(io.BytesIO(body), JSON), CONTENT, known_ids=None)
    return batch.row_patches("id")


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_what_is_parsed_cell_by_cell_equals_what_is_read_as_a_table(rows):
    body = json.dumps({"customers": rows}).encode()
    parsed = RowParser(CONTENT).parse(body, DEFAULT_LIMITS)
    if parsed is not None:
        expected = as_table(body)
        assert parsed == expected
        assert list(parsed.cells) == list(expected.cells)


def test_rows_of_usual_cells_need_no_table():
    rows = [{"id": 7, "age": 31, "plan": "basic"}, {"id": "a", "seen": "2024-05-31", "city": "ULM"}]
    parsed = RowParser(CONTENT).parse(json.dumps({"customers": rows}).encode(), DEFAULT_LIMITS)
    assert parsed.cells == {"7": {"age": 31.0, "plan": "basic"}, "a": {"seen": 1.0, "city": "ulm"}}


def test_many_rows_are_left_to_the_reader_of_tables():
    body = json.dumps({"customers": [{"id": n} for n in range(MAX_ROWS + 1)]}).encode()
    assert RowParser(CONTENT).parse(body, DEFAULT_LIMITS) is None


def test_many_cells_are_left_to_the_reader_of_tables():
    content = replace(CONTENT, columns=[column(f"n{n}", "numeric") for n in range(MAX_CELLS)])
    row = {"id": 1, **{f"n{n}": n for n in range(MAX_CELLS)}}
    body = json.dumps({"customers": [row]}).encode()
    assert RowParser(content).parse(body, DEFAULT_LIMITS) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"customers": []}',
        b'{"customers": {"id": 1}}',
        b'{"customers": [1]}',
        b'{"customers": [{"id": 1}], "more": 1}',
        b'{"customers": [{"id": 1}], "customers": [{"id": 2}]}',
        b'{"customers": [{"id": 1, "id": 2}]}',
        b'{"customers": [{"id": 1, "age": [1]}]}',
        b'{"customers": [{"id": 1, "age": NaN}]}',
        b'{"customers": [{"id": 1, "age": 1e999}]}',
        b'{"customers": [{"id": 1, "age": 9007199254740993}]}',
        b'{"customers": [{"id": 1.5}]}',
        b'{"customers": [{"id": "17850.0"}]}',
        b'{"customers": [{"id": 1, "town": "Ulm"}]}',
        b'{"customers": [{"id": 1}]} x',
        b'\xef\xbb\xbf{"customers": [{"id": 1}]}',
        b'{"customers": [{"id": "\xff"}]}',
        b'{"customers": ' + b"[" * 5000,
        b'{"customers": [{"id": ' + b"9" * 5000 + b"}]}",
    ],
)
def test_unusual_bodies_are_left_to_the_reader_of_tables(body):
    assert RowParser(CONTENT).parse(body, DEFAULT_LIMITS) is None
