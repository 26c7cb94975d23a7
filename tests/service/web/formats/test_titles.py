"""What stands above the header of delimited text."""

import io

import pytest

from service.web.formats import UnreadableBody, read_table

TABLE = "id;orders;city\nk1;5;Ulm\nk2;7;Bonn\nk3;9;Köln\n"
COLUMNS = ["id", "orders", "city"]
TITLES = {
    "Customer list\n": (1, 2),
    "Customer list\n\n": (1, 3),
    "\nCustomer list\n\n": (2, 4),
    "Customer list;;\n": (1, 2),
    "# exported; by a shop\n": (1, 2),
    "# exported\n# by a shop; as of; May; 2025\n": (2, 3),
    '"Customer list,\nall shops"\n': (1, 3),
    "Customers;as of;06.01.2025\n": (1, 2),
    "Customer list\nas of;2025-01-06;\n\n": (2, 4),
}


def read(text, media_type="text/csv"):
    warnings = []
    table = read_table(io.BytesIO(text.encode()), media_type, warn=warnings.append)
    return table, warnings


@pytest.mark.parametrize("title", TITLES)
def test_titles_are_skipped_with_a_warning(title):
    table, [warning] = read(title + TABLE)
    assert (table.column_names, table.num_rows) == (COLUMNS, 3)
    assert warning.endswith(f"the header is line {TITLES[title][1]}.")


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_titles_are_found_with_any_delimiter(delimiter):
    table, warnings = read("Customer list\n" + TABLE.replace(";", delimiter))
    assert (table.column_names, len(warnings)) == (COLUMNS, 1)


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "id\nk1\nk2\n",
        "note\nhello, you\nfoo, bar\n",
        "amount\n1,5\n2,5\n3,5\n",
        "id;2023;2024\nk1;n/a;5\nk2;4;6\n",
        "id;amount\nk1;closed\nk2;5\n",
        ";city;amount\n0;Ulm;5\n1;Bonn;6\n",
        "id,tags\nk1,a|b\nk2,c|d\n",
        "id;unit\n-;EUR\n1;5\n2;6\n",
        "#;city\n1;Ulm\n2;Bonn\n",
    ],
)
def test_a_header_stays_a_header(text):
    table, warnings = read(text)
    assert (table.num_rows, warnings) == (text.count("\n") - 1, [])


@pytest.mark.parametrize(
    "text", ["Customer list\n0;5;297\n1;4;672\n2;4;5\n", "\nCustomer list\n1;2\n3;4\n5;6\n"]
)
def test_a_title_above_rows_without_a_header_is_refused_by_its_line(text):
    with pytest.raises(
        UnreadableBody,
        match=rf"Line {1 + text.startswith(chr(10))} has one cell, and the lines below",
    ):
        read(text)


def test_rows_are_counted_from_the_header():
    with pytest.raises(UnreadableBody) as caught:
        read("Customer list\n" + TABLE + "k4;1\n")
    assert [fault.row for fault in caught.value.errors] == [4]


def test_a_wrapped_header_is_one_line():
    assert read('id,"total\r\n spend"\nk1,5\nk2,6\n')[0].to_pydict() == {
        "id": ["k1", "k2"],
        "total spend": ["5", "6"],
    }


@pytest.mark.parametrize("cells", ['="00123",="1"', '"=""00123""","=""1"""'])
def test_a_formula_around_a_text_is_read_as_the_text(cells):
    assert read(f'"=""id""",x\n{cells}\n')[0].to_pydict() == {"id": ["00123"], "x": ["1"]}


def test_other_formulas_stay_as_they_are():
    assert read('id,x\n=A1,"=""a""&""b"""\n')[0].to_pydict() == {"id": ["=A1"], "x": ['="a"&"b"']}
