"""Columns as their owner declares them, and later rows read the same way."""

import json
from dataclasses import asdict

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import cells
from models.columns import (
    MAX_LISTED,
    BadCells,
    CellError,
    MissingCustomerId,
    Override,
    UnknownColumn,
    apply_schema,
    cell_arrays,
    infer_schema,
    read_rows,
)

MISSING_999 = {"x": Override(missing=("999",))}

numbers_in_text = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text("0123456789+-.eEinfa ", max_size=6),
)


def read(values, overrides, name="x"):
    raw = pa.table({name: values})
    description = infer_schema(raw, customer_id=None, overrides=overrides)
    return description, apply_schema(raw, description)[name].to_pylist()


def described(values, overrides):
    return read(values, overrides)[0].columns[0]


@settings(deadline=None)
@given(st.lists(numbers_in_text))
def test_the_fast_path_agrees_with_single_cells_or_falls_back(texts):
    fast = cell_arrays.plain_numbers(pa.chunked_array([texts], pa.string()))
    assert fast is None or fast.to_pylist() == [cells.number(text) for text in texts]


@pytest.mark.parametrize(
    "values",
    [
        ["5", "999", "7", " 999.0 ", "9.99e2"],
        [5, 999, 7, 999, 999],
        [5.0, 999.0, 7.0, 999.0, 999.0],
        ["5,0", "999,0", "7", "999", "999"],
    ],
)
def test_a_marker_means_missing_however_its_number_is_spelled(values):
    assert read(values, MISSING_999)[1] == [5.0, None, 7.0, None, None]


def test_a_marker_matches_whole_cells_exactly():
    assert read(["a", " b ", "B", "bb", "a"], {"x": Override(missing=("b",))})[1] == [
        "a",
        None,
        "B",
        "bb",
        "a",
    ]


def test_a_marker_among_categories_of_numbers_is_missing_in_every_format():
    override = {"x": Override(kind="categorical", missing=("9",))}
    assert [
        read(values, override)[1] for values in (["1", "9.0", "2"], [1, 9, 2], [1.0, 9.0, 2.0])
    ] == [["1", None, "2"]] * 3


def test_kinds_are_inferred_once_markers_are_gone():
    column = described(["1", "2", "unknown", "2.5"], {"x": Override(missing=("unknown",))})
    assert (column.kind, column.missing, column.distinct) == ("numeric", 1, 3)


def test_the_column_remembers_its_markers():
    assert described([1, 999, 3], MISSING_999).missing_markers == ("999",)


def test_a_suspected_marker_is_not_named_again_once_it_is_declared():
    values = [*range(100), *[999] * 9]
    assert len(read(values, {})[0].warnings) == len(read(values, MISSING_999)[0].warnings) + 1


@pytest.mark.parametrize(
    ("values", "kind", "cells_read"),
    [
        ([1, 2, 10], "categorical", ["1", "2", "10"]),
        ([1.0, 2.5, None], "categorical", ["1", "2.5", None]),
        (["1.0", "2,5", ""], "categorical", ["1", "2,5", None]),
        ([0, 1, 1], "numeric", [0.0, 1.0, 1.0]),
        ([7, 7, 7], "numeric", [7.0, 7.0, 7.0]),
        (["€ 1,5", "€ 2"], "numeric", [1.5, 2.0]),
        ([None, ""], "numeric", [None, None]),
        ([1, 2, 3], "identifier", ["1", "2", "3"]),
        ([1, 2, 3], "ignored", ["1", "2", "3"]),
    ],
)
def test_a_declared_kind_is_the_kind(values, kind, cells_read):
    description, column = read(values, {"x": Override(kind=kind)})
    assert (description.columns[0].kind, column) == (kind, cells_read)


def test_an_ignored_column_has_the_declaration_as_reason():
    assert described([1, 2], {"x": Override(kind="ignored")}).reason == "declared"


def test_texts_cannot_be_declared_numeric_and_are_refused_by_row():
    values = ["1", "two", "3", *["four"] * 150]
    with pytest.raises(
        BadCells, match="151 cells of 'x' cannot be read, though it is declared numeric"
    ) as caught:
        read(values, {"x": Override(kind="numeric")})
    assert (caught.value.cells[0], len(caught.value.cells)) == (
        CellError(row=2, column="x", detail="is not a number"),
        MAX_LISTED,
    )


def test_a_declared_category_that_no_model_can_use_is_warned_of():
    assert (
        "a model cannot use it"
        in read(list(range(101)), {"x": Override(kind="categorical")})[0].warnings[1]
    )


def test_an_absent_column_cannot_be_declared():
    with pytest.raises(UnknownColumn, match="'y'"):
        read([1, 2], {"y": Override(kind="numeric")})


@pytest.mark.parametrize("kind", ["numeric", "categorical", "ignored"])
def test_an_id_column_declared_otherwise_is_no_customer_id(kind):
    description = infer_schema(
        pa.table({"id": [1, 2]}), customer_id=None, overrides={"id": Override(kind=kind)}
    )
    assert (description.customer_id, description.columns[0].kind) == (None, kind)


def test_the_declared_id_stays_the_id_with_a_warning():
    description = infer_schema(
        pa.table({"id": [1, 2]}), customer_id="id", overrides={"id": Override(kind="numeric")}
    )
    assert (description.columns[0].kind, len(description.warnings)) == ("identifier", 1)


def test_an_id_that_is_a_missing_marker_is_missing():
    with pytest.raises(MissingCustomerId):
        infer_schema(
            pa.table({"id": ["a", "?"]}),
            customer_id="id",
            overrides={"id": Override(missing=("?",))},
        )


def test_a_description_is_json():
    column = asdict(described(["1,5", "?", "2"], {"x": Override(missing=("?",))}))
    assert json.loads(json.dumps(column)) == {**column, "missing_markers": ["?"], "doubts": []}


def columns_of(raw, **overrides):
    return infer_schema(raw, customer_id="id", overrides=overrides).columns


TABLE = pa.table(
    {
        "id": ["a", "b", "c"],
        "income": ["1.234,50", "-", "980"],
        "city": ["Ulm", "Bonn", "Ulm"],
        "n": [1, 2, 3],
    }
)
COLUMNS = columns_of(TABLE, income=Override(missing=("-",)))


def test_applying_a_schema_returns_the_typed_table():
    description = infer_schema(
        TABLE, customer_id="id", overrides={"income": Override(missing=("-",))}
    )
    table, errors = read_rows(TABLE, description.columns, customer_id="id")
    assert (table.equals(apply_schema(TABLE, description)), errors) == (True, [])


def test_later_rows_are_read_with_the_markers_and_numerals_of_the_column():
    table, errors = read_rows(
        pa.table({"id": ["d", "e", "f"], "income": ["12", "-", "2.000"]}), COLUMNS, customer_id="id"
    )
    assert (table["income"].to_pylist(), errors) == ([12.0, None, 2000.0], [])


def test_later_typed_numbers_are_kept():
    table, _ = read_rows(pa.table({"income": [1.234, 5.0]}), COLUMNS)
    assert table["income"].to_pylist() == [1.234, 5.0]


def test_every_bad_cell_is_named_and_the_others_are_read():
    raw = pa.table(
        {
            "id": ["d", "e", None],
            "n": ["1", "many", "3"],
            "income": ["12.5", "1,5", "1,5"],
            "city": ["U\0", "B", "C"],
        }
    )
    table, errors = read_rows(raw, COLUMNS, customer_id="id")
    assert {(error.row, error.column, error.detail) for error in errors} == {
        (3, "id", "is missing"),
        (1, "income", "is not a number written like 1.234,56"),
        (2, "n", "is not a number"),
        (1, "city", "holds a control character or half a character"),
    }
    assert table.to_pydict() == {
        "id": ["d", "e", None],
        "income": [None, 1.5, 1.5],
        "city": [None, "B", "C"],
        "n": [1.0, None, 3.0],
    }


def test_absent_columns_stay_absent_and_unknown_ones_are_inferred():
    table, errors = read_rows(
        pa.table({"new": ["1,5", "2"], "id": [7, 8], "bad": ["x\0", "y"]}),
        COLUMNS,
        customer_id="id",
    )
    assert table.to_pydict() == {"id": ["7", "8"], "new": [1.5, 2.0], "bad": [None, "y"]}
    assert [(error.row, error.column) for error in errors] == [(1, "bad")]


def test_more_than_a_hundred_bad_rows_are_all_named():
    assert len(read_rows(pa.table({"n": ["many"] * 250}), COLUMNS)[1]) == 250


@pytest.mark.parametrize("cell", [pa.array([1.5]), pa.array([".."]), pa.array(["x" * 257])])
def test_an_invalid_id_is_an_error_and_no_customer(cell):
    table, errors = read_rows(pa.table({"id": cell}), COLUMNS, customer_id="id")
    assert (table["id"].to_pylist(), [error.row for error in errors]) == ([None], [1])
