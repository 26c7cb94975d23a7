"""What columns are, and tables read as what they are."""

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import cells
from models.columns import (
    MAX_LISTED,
    BadCells,
    DuplicateCustomers,
    MissingCustomerId,
    UnknownColumn,
    apply_schema,
    cell_arrays,
    infer_schema,
)
from tests.support.paths import ROOT

VALUE = "Zanzibar-77"
FIFTY = [str(n) for n in range(50)]

anything = st.text(st.characters(codec="utf-8"), max_size=8)
nearly_numbers = st.text(
    st.sampled_from("0123456789+-.eE \t\n\x0b\x1c\x85\xa0\u2003\u0663nafix_"), max_size=8
)
texts = st.one_of(
    anything,
    nearly_numbers,
    st.floats().map(str),
    st.sampled_from([".", "..", "x" * 257, "é" * 256]),
)
arrays = st.one_of(
    st.lists(texts).map(lambda values: pa.array(values, pa.string())),
    st.lists(st.integers(-(2**63), 2**63 - 1)).map(lambda values: pa.array(values, pa.int64())),
    st.lists(st.floats()).map(lambda values: pa.array(values, pa.float64())),
)


def described(values, name="x", *, customer_id=None, **others):
    table = pa.table({name: values, **others})
    found = infer_schema(table, customer_id=customer_id)
    return next(column for column in found.columns if column.name == name)


def kind_and_reason(values, name="x"):
    column = described(values, name)
    return column.kind, column.reason


def one_by_one(rule, values):
    for cell in values.to_pylist():
        try:
            yield rule(cell)
        except cells.BadCell:
            yield "wrong"


@pytest.mark.parametrize(
    ("whole", "rule"),
    [
        (cell_arrays.numbers, cells.number),
        (cell_arrays.categories, cells.category),
        (cell_arrays.identifiers, cells.identifier),
    ],
)
@given(values=arrays)
@example(
    values=pa.array(
        ["1", " 2", "\xa03\xa0", "", "\x1c", "nan", "1e999", "0x1", "٣", "+.5e-3", "1.", "a\n"]
    )
)
@example(
    values=pa.array(
        ["1.0", "-25.00", " 1.0", "1.0\n", "0001", "1.0.0", "1.", "\x7f", "\x9f", "\u2028a"]
    )
)
def test_a_whole_column_is_read_as_its_cells_one_by_one(whole, rule, values):
    read = whole(values)
    together = [
        "wrong" if wrong else cell
        for cell, wrong in zip(read.values.to_pylist(), read.wrong, strict=True)
    ]
    assert together == list(one_by_one(rule, values))


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2.5", "-1e3"],
        ["1", " ", "2"],
        ["1", None, "3"],
        [1, 2, None],
        [0.5, 1.5, 2.5],
        ["0", "1", "2"],
    ],
)
def test_a_column_of_numbers_is_numeric(values):
    assert described(values).kind == "numeric"


@pytest.mark.parametrize("values", [[0, 1, 1], [0.0, 1.0, None], ["0", "1", ""], ["1.0", "0", "1"]])
def test_whole_numbers_of_only_0_and_1_are_a_category(values):
    assert described(values).kind == "categorical"


@pytest.mark.parametrize("values", [["0", "1.0"], [0.0, 1.0], [0, 1]])
def test_0_and_1_are_the_same_categories_however_they_are_spelled(values):
    raw = pa.table({"x": values})
    assert apply_schema(raw, infer_schema(raw, customer_id=None))["x"].to_pylist() == ["0", "1"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None, ""], "empty"),
        (["a", "a", " a "], "constant"),
        (["1", "1.0", None], "constant"),
        (["2024-01-31", "2024-02-01T10:30:00Z"], "date"),
        (["31.12.2023", "1.1.2024 08:15"], "date"),
        (["12/31/23", "01/02/24"], "date"),
        (["3 Feb 2024", "Mar 4, 2024"], "date"),
        ([f"note {'a' * n}" for n in range(51)], "free text"),
        (["long " * 20, "longer " * 20, "long " * 20], "free text"),
    ],
)
def test_unusable_columns_are_ignored_with_a_reason(values, reason):
    assert kind_and_reason(values) == ("ignored", reason)


@pytest.mark.parametrize(
    "values", [["10.5", "11.5"], ["1.2", "3.4"], ["a-1-b", "b-2-c", "a-1-b"], ["99-99-9999"] * 2]
)
def test_cells_that_only_resemble_dates_are_no_dates(values):
    assert kind_and_reason(values)[1] != "date"


def test_fifty_distinct_texts_are_still_categories():
    assert described([f"town {'a' * int(n)}" for n in FIFTY]).kind == "categorical"


def test_many_texts_that_recur_are_categories():
    assert described([f"town {'a' * (n % 60)}" for n in range(301)]).kind == "categorical"


@pytest.mark.parametrize(
    "header", ["customer_id", "CustomerID", "Customer ID", "id", "client_id", "user_id", "ID"]
)
@pytest.mark.parametrize("values", [[1, 2, 3], ["0001", "0002", "b"]])
def test_an_obvious_id_column_is_found(header, values):
    assert (
        infer_schema(pa.table({"x": [1, 2, 3], header: values}), customer_id=None).customer_id
        == header
    )


@pytest.mark.parametrize(
    "values", [[1, 1, 2], [1, None, 2], ["a", " a", "b"], ["a", "", "b"], [1.5, 2.5, 3.5]]
)
def test_an_id_column_is_complete_and_unique(values):
    assert infer_schema(pa.table({"id": values}), customer_id=None).customer_id is None


def test_the_most_telling_header_wins():
    raw = pa.table({"id": [1, 2], "customer_id": ["a", "b"]})
    assert infer_schema(raw, customer_id=None).customer_id == "customer_id"


def test_a_missing_id_column_has_a_warning():
    [warning] = infer_schema(pa.table({"x": [1, 2]}), customer_id=None).warnings
    assert "row-1" in warning


def test_a_doubtful_id_column_is_named_in_the_warning():
    found = infer_schema(pa.table({"CustomerID": [1, 1, 2]}), customer_id=None)
    assert "CustomerID" in found.warnings[0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("order_id", [7, 8, 9]),
        ("orderId", [7, 8, 9]),
        ("x", ["C1", "C2", "D1"]),
        ("x", ["a@b.c", "d@b.c"]),
    ],
)
def test_other_columns_of_ids_are_identifiers(name, values):
    assert described(values, name).kind == "identifier"


@pytest.mark.parametrize(
    ("name", "values"),
    [("paid", [7, 8, 9]), ("x", ["red", "green", "blue"]), ("order_id", [7, 7, 8])],
)
def test_unique_cells_alone_are_no_ids(name, values):
    assert described(values, name).kind != "identifier"


def test_known_and_missing_cells_are_counted():
    column = described(["1", "1.0", "", None, "2"])
    assert (column.missing, column.distinct) == (2, 2)


def test_a_nearly_numeric_column_stays_text_with_a_warning_of_rows_and_advice():
    found = infer_schema(pa.table({"age": [*FIFTY[1:], VALUE], "n": FIFTY}), customer_id=None)
    assert (
        "'age' is read as text: 1 of its 50 known cells are not numbers, the first in row 50"
        in found.warnings[1]
    )


def test_no_warning_repeats_a_cell():
    found = infer_schema(
        pa.table({"age": [*FIFTY[1:], VALUE], "c": [VALUE] * 50}), customer_id=None
    )
    assert VALUE not in str(found.warnings)


def test_a_named_id_column_must_exist():
    with pytest.raises(UnknownColumn, match="'nobody'"):
        infer_schema(pa.table({"x": [1, 2]}), customer_id="nobody")


@pytest.mark.parametrize(
    ("values", "error", "rows"),
    [
        (["a", None, " "], MissingCustomerId, [2, 3]),
        (["a", "b", "a ", "b"], DuplicateCustomers, [3, 4]),
        (["a", "..", "x" * 300], BadCells, [2, 3]),
        ([1.5, 2.5, 3.5], BadCells, [1, 2, 3]),
    ],
)
def test_a_named_id_column_that_does_not_name_every_customer_is_refused_by_rows(
    values, error, rows
):
    with pytest.raises(error) as caught:
        infer_schema(pa.table({"x": values}), customer_id="x")
    assert [cell.row for cell in caught.value.cells] == rows


def test_a_repeated_id_points_to_the_row_that_had_it_first():
    with pytest.raises(DuplicateCustomers) as caught:
        infer_schema(pa.table({"x": ["a", "b", "b"]}), customer_id="x")
    assert caught.value.cells[0].detail == "is also that of row 2"


def test_faults_are_listed_up_to_a_hundred_and_counted_in_all():
    with pytest.raises(MissingCustomerId, match="250") as caught:
        infer_schema(pa.table({"x": pa.nulls(250, pa.string())}), customer_id="x")
    assert len(caught.value.cells) == MAX_LISTED


@pytest.mark.parametrize("kind", ["categorical", "constant"])
def test_a_text_with_a_control_character_is_refused_by_its_row(kind):
    values = ["a", "b\x00", "c"] if kind == "categorical" else [None, "b\x00", None]
    with pytest.raises(BadCells) as caught:
        infer_schema(pa.table({"x": values}), customer_id=None)
    assert [(cell.row, cell.column) for cell in caught.value.cells] == [(2, "x")]


def test_a_typed_table_has_the_id_first_then_float64_numbers_and_texts():
    raw = pa.table(
        {
            "age": [30, None, 4],
            "id": [7, 8, 9],
            "flag": [0, 1, 0],
            "same": [1.5] * 3,
            "x": ["Ulm ", "", "C"],
        }
    )
    assert apply_schema(raw, infer_schema(raw, customer_id=None)).to_pydict() == {
        "id": ["7", "8", "9"],
        "age": [30.0, None, 4.0],
        "flag": ["0", "1", "0"],
        "same": ["1.5"] * 3,
        "x": ["Ulm", None, "C"],
    }


def test_ids_keep_their_zeros():
    raw = pa.table({"id": ["0001", " 1.0 ", "1"]})
    assert apply_schema(raw, infer_schema(raw, customer_id="id"))["id"].to_pylist() == [
        "0001",
        "1.0",
        "1",
    ]


@pytest.mark.parametrize(
    ("headers", "generated"),
    [
        (["x"], "customer_id"),
        (["Customer_ID"], "customer_id_2"),
        (["customer_id", "customer_id_2"], "customer_id_3"),
    ],
)
def test_generated_ids_have_a_header_of_their_own(headers, generated):
    raw = pa.table({header: [5, 5, 6] for header in headers})
    table = apply_schema(raw, infer_schema(raw, customer_id=None))
    assert (table.column_names[0], table[0].to_pylist()) == (generated, ["row-1", "row-2", "row-3"])


def test_a_cell_that_contradicts_the_declared_kind_is_refused_by_row():
    numeric = infer_schema(pa.table({"x": ["1", "2", "3"]}), customer_id=None)
    with pytest.raises(BadCells) as caught:
        apply_schema(pa.table({"x": ["1", VALUE, "3"]}), numeric)
    assert [(cell.row, cell.detail) for cell in caught.value.cells] == [(2, "is not a number")]


@pytest.mark.parametrize("n_chunks", [0, 1, 3])
def test_chunks_do_not_matter(n_chunks):
    raw = pa.table({"x": pa.chunked_array([["a", "b", None]] * n_chunks, pa.string())})
    table = apply_schema(raw, infer_schema(raw, customer_id=None))
    assert table["x"].to_pylist() == ["a", "b", None] * n_chunks


def test_text_and_numbers_give_the_same_table():
    numbers = pa.table({"id": [1, 2, 3], "x": [1.5, None, 2.0], "flag": [1, 0, None]})
    delimited = pa.table({"id": ["1", "2", "3"], "x": ["1.50", "", "2"], "flag": ["1", "0", " "]})
    read = [apply_schema(raw, infer_schema(raw, customer_id=None)) for raw in (numbers, delimited)]
    assert read[0].equals(read[1])


def test_exploring_imports_no_learning_library():
    script = (
        "import sys, models.columns; sys.exit(any(n in sys.modules for n in ('sklearn', "
        "'scipy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own script


def test_a_text_column_with_too_many_distinct_values_is_ignored():
    cities = [f"City {chr(65 + n // 11)}{chr(65 + n % 11)}" for n in range(121)] * 10
    assert described(cities).reason == "many categories"
