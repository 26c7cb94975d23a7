"""Bodies to tables."""

import csv
import io
import json
from tempfile import TemporaryFile

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FieldError
from service.web.formats import (
    MEDIA_TYPES,
    MULTIPART,
    UnreadableBody,
    UnsupportedFormat,
    read_patch,
)
from service.web.formats import read_table as read_file
from service.web.formats.charsets import BLOCK
from service.web.formats.delimited import sniff_delimiter
from service.web.formats.errors import MAX_LISTED, TableLimits
from service.web.formats.json_reader import MAX_VALUE_LENGTH
from service.web.formats.row_columns import ROWS_AT_ONCE

JSON = "application/json"
LINES = "application/x-ndjson"
TSV = "text/tab-separated-values"
CSV = "text/csv"
VALUE = "Zanzibar-77"

cells_of_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters='",;\t\n'),
    max_size=8,
)


def holds_something(row):
    return any(map(str.strip, row))


def read_table(body, content_type):
    return read_file(io.BytesIO(body), content_type)


def customers(*rows):
    return json.dumps({"customers": rows}).encode()


def lines(*rows):
    return "\n".join(map(json.dumps, rows)).encode()


def patch(body, content_type):
    return read_patch(io.BytesIO(body), content_type)


def refused(body, content_type):
    with pytest.raises(UnreadableBody) as caught:
        read_table(body, content_type)
    return caught.value


def faults(body, content_type):
    return [
        (fault.row, fault.pointer, fault.detail) for fault in refused(body, content_type).errors
    ]


def written(rows, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def test_an_unknown_media_type_is_answered_with_all_known_ones():
    with pytest.raises(UnsupportedFormat, match=".*".join([*MEDIA_TYPES, MULTIPART])):
        read_table(b"{}", "application/xml")


@pytest.mark.parametrize("content_type", ["", "json", "text/html; charset=utf-8"])
def test_a_body_without_a_known_media_type_is_unsupported(content_type):
    with pytest.raises(UnsupportedFormat):
        read_table(customers({"a": 1}), content_type)


@pytest.mark.parametrize("charset", ["klingon", "zip", "unicode_escape", "idna"])
def test_only_common_charsets_are_read(charset):
    with pytest.raises(UnsupportedFormat, match="utf-8"):
        read_table(b"a\n1\n", f"text/csv; charset={charset}")


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize(
    ("content_type", "text"), [(CSV, "name\nZoë\n"), (JSON, '{"customers": [{"name": "Zoë"}]}')]
)
def test_a_declared_charset_is_honoured(charset, content_type, text):
    table = read_table(text.encode(charset), f'{content_type}; charset="{charset}"')
    assert table["name"].to_pylist() == ["Zoë"]


@pytest.mark.parametrize("content_type", [CSV, JSON])
def test_a_body_that_is_not_in_its_declared_charset_is_refused(content_type):
    assert "utf-8" in str(refused("Zoë".encode("latin-1"), f"{content_type}; charset=utf-8"))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2, None], pa.int64()),
        ([1, 2.5, None], pa.float64()),
        ([1.0, 2.0], pa.float64()),
        ([2**70, 1], pa.string()),
        ([2**70, 1.5], pa.float64()),
        (["1", "2"], pa.string()),
        ([None, None], pa.string()),
    ],
)
def test_json_columns_are_typed_by_their_cells(cells, kind):
    assert (
        read_table(customers(*({"key": "k", "x": cell} for cell in cells)), JSON)
        .schema.field("x")
        .type
        == kind
    )


def test_mixed_json_cells_become_text_and_text_stays_as_it_is():
    rows = [{"key": "k", "x": cell} for cell in (True, 1, 1.0, 1.5, "1.0", " 0001 ", None)]
    assert read_table(customers(*rows), JSON)["x"].to_pylist() == [
        "true",
        "1",
        "1",
        "1.5",
        "1.0",
        " 0001 ",
        None,
    ]


def test_a_large_json_integer_keeps_its_digits():
    assert read_table(customers({"id": 2**70}, {"id": 1}), JSON)["id"].to_pylist() == [
        str(2**70),
        "1",
    ]


def test_absent_json_fields_are_null_and_columns_keep_the_order_of_appearance():
    table = read_table(customers({"b": 1}, {"a": 2, "b": 3}), JSON)
    assert table.to_pydict() == {"b": [1, 3], "a": [None, 2]}


@pytest.mark.parametrize(
    "token", ["NaN", "-Infinity", "1e999", '["x"]', "{}", r'"\ud800"', "1" + "0" * 400]
)
def test_a_json_cell_that_is_no_cell_is_refused_by_row_and_field(token):
    body = f'{{"customers": [{{"a/b~c": 1.5}}, {{"a/b~c": {token}}}]}}'.encode()
    [(row, pointer, detail)] = faults(body, JSON)
    assert (row, pointer) == (2, "/customers/1/a~1b~0c"), detail


def test_json_faults_are_listed_up_to_a_hundred_and_counted_in_all():
    error = refused(customers(*({"a": [], "b": {}} for _ in range(MAX_LISTED))), JSON)
    assert (len(error.errors), str(error)) == (MAX_LISTED, f"{2 * MAX_LISTED} cells cannot be read")


@pytest.mark.parametrize(
    ("row", "why"), [("1", "object"), ("null", "object"), ('{"a": 1, "a": 2}', "twice")]
)
def test_a_json_row_that_is_no_customer_is_refused(row, why):
    [(number, pointer, detail)] = faults(f'{{"customers": [{{"a": 1}}, {row}]}}'.encode(), JSON)
    assert (number, pointer) == (2, "/customers/1")
    assert why in detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"customers": {}}',
        b'{"people": []}',
        b'{"customers": []}',
        b'{"customers": [{}]}',
        b'{"customers": [{"a": 1},]}',
        b'{"customers": [], "customers": []}',
        b"\xff\xfe",
        b'{"customers": [{"a": 1' + b"0" * 5000 + b"}]}",
        b'{"customers": ' + b"[" * 200_000,
        b'{"customers": [' + b'{"a":' * 200_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_no_json_table_is_unreadable(body):
    assert refused(body, JSON)


def test_fields_too_many_to_hold_are_refused():
    assert "at most 1,000" in str(refused(customers(*({f"f{n}": 1} for n in range(1001))), JSON))


@pytest.mark.parametrize("token", [VALUE, f'{{"{VALUE}": 1}}', f'["{VALUE}"]', f'"{VALUE}'])
def test_a_refusal_never_repeats_a_json_value(token):
    error = refused(f'{{"customers": [{{"a": {token}}}]}}'.encode(), JSON)
    assert VALUE not in f"{error} {error.errors}"


@pytest.mark.parametrize("body", [f"a,b\n1\n{VALUE}\n", f'a,b\n1,"{VALUE}\n'])
def test_a_refusal_never_repeats_a_csv_value(body):
    error = refused(body.encode(), CSV)
    assert VALUE not in f"{error} {error.errors}"


@pytest.mark.parametrize("headers", [["Age", "age"], ["Straße", "STRASSE", "straße"]])
@pytest.mark.parametrize("content_type", [CSV, JSON])
def test_headers_that_differ_only_in_case_are_both_named(headers, content_type):
    body = (
        written([headers, headers], ",")
        if content_type == CSV
        else customers(dict.fromkeys(headers, 1))
    )
    [(_, _, detail)] = faults(body, content_type)
    assert headers[0] in detail
    assert headers[-1] in detail


def test_a_header_that_occurs_twice_is_named():
    assert faults(b"a,b,a\n1,2,3\n", CSV) == [(None, None, "the header 'a' occurs twice")]


@pytest.mark.parametrize("body", [b"a,,c\n1,2,3\n", b"a, ,c\n1,2,3\n"])
def test_an_empty_header_is_refused_by_its_position(body):
    assert faults(body, CSV) == [(None, None, "column 2 has no header")]


@pytest.mark.parametrize("header", [r"a\u0000", r"\ud800", r"a\nb"])
def test_an_unprintable_header_is_refused(header):
    [(_, _, detail)] = faults(f'{{"customers": [{{"{header}": 1}}]}}'.encode(), JSON)
    assert "column 1" in detail


@pytest.mark.parametrize("body", [b"", b"\n\r\n", b"a,b", b"a,b\n", b"a,b\r\n\r\n"])
def test_a_csv_without_customers_is_refused(body):
    assert refused(body, CSV)


def test_csv_cells_stay_the_text_they_are():
    assert read_table(b"id,x\n0001, 1.0 \n0002,\n", CSV).to_pydict() == {
        "id": ["0001", "0002"],
        "x": [" 1.0 ", ""],
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n"])
def test_line_ends_marks_and_empty_lines_at_the_end_do_not_matter(end, mark, tail):
    body = (mark + "a,b\n1,2\n3,4" + tail).replace("\n", end).encode()
    assert read_table(body, CSV).to_pydict() == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_the_charset_of_a_csv_is_found(charset):
    assert read_table(
        "náme;città\nZoë;Łódź\n".replace("Łódź", "Forlì").encode(charset), CSV
    ).to_pydict() == {
        "náme": ["Zoë"],
        "città": ["Forlì"],
    }


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a,b\n1;2,3\n", ","),
        ("a\tb c, d\n1\t2, 3\n", "\t"),
        ('"Income, k$";b\n1;2\n', ";"),
        ('a,b\n"x;y;z\n;;",2\n', ","),
        ("a;b;c\n1;2\n3;4;5\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_splits_the_rows_like_the_header(text, delimiter):
    assert sniff_delimiter(text) == delimiter


def test_a_long_last_line_in_the_sample_does_not_hide_the_delimiter():
    assert sniff_delimiter("a;b\n" + "1,2;3\n" * 30 + "x" * 70_000 + ",;y\n") == ";"


def test_a_single_column_is_not_split():
    assert read_table(b"only\n1,5\n2;5\n", CSV).to_pydict() == {"only": ["1,5", "2;5"]}


@given(
    st.lists(
        st.tuples(cells_of_text, cells_of_text, cells_of_text).filter(holds_something), min_size=1
    ),
    st.sampled_from(",;\t"),
)
def test_quoted_csv_cells_are_read_back(rows, delimiter):
    table = read_table(written([("first", "second", "third"), *rows], delimiter), CSV)
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows


def test_ragged_rows_are_named_by_their_numbers():
    assert faults(b'a,b\n1,2\n\n"x\ny",4\n5\n6,7,8\n', CSV) == [
        (3, None, "has 1 cells where the header has 2"),
        (4, None, "has 3 cells where the header has 2"),
    ]


@pytest.mark.parametrize(("body", "row"), [(b'a,b\n1,2\n3,"4\n5,6\n', 2), (b'a,"b\n1,2\n', None)])
def test_a_quote_that_is_never_closed_is_refused_where_it_opens(body, row):
    [(found, _, detail)] = faults(body, CSV)
    assert (found, detail) == (row, "opens a quote that is never closed")


def test_a_quote_inside_an_unquoted_cell_is_a_character():
    assert read_table(b'a,b\n5" nail,2\n', CSV)["a"].to_pylist() == ['5" nail']


def test_a_cell_longer_than_a_block_is_read_completely():
    assert refused(b"a,b\n1,2\n" + b"x" * (1 << 25) + b"\n", CSV)


def test_both_formats_give_the_same_texts():
    rows = [{"customer_id": "0001", "city": "Zoë, town"}, {"customer_id": "2", "city": "a\nb"}]
    delimited = written([list(rows[0]), *(list(row.values()) for row in rows)], ",")
    assert read_table(customers(*rows), JSON).equals(read_table(delimited, CSV))


def test_faults_are_field_errors():
    assert all(isinstance(fault, FieldError) for fault in refused(b"a,b\n1\n", CSV).errors)


@pytest.mark.parametrize("content_type", [LINES, "application/jsonl"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_of_json_are_customers(content_type, end, mark):
    body = f'{mark}{{"id": "a", "x": 1}}{end}{end} {{"id": "b\\u2028"}} {end}'.encode()
    assert read_table(body, content_type).to_pydict() == {"id": ["a", "b\u2028"], "x": [1, None]}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1]", "not an object"),
        ("{", "not JSON"),
        ('{"a": 1} {"a": 2}', "not JSON"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1' + "0" * 5000 + "}", "too many digits"),
        ('{"a": "' + "x" * MAX_VALUE_LENGTH + '"}', "characters or more"),
    ],
    ids=lambda text: text[:20],
)
def test_a_line_that_is_no_customer_is_refused_by_its_row(line, why):
    [(row, pointer, detail)] = faults(f'{{"a": 1}}\n\n{line}\n{{"a": 2}}'.encode(), LINES)
    assert (row, pointer) == (2, None)
    assert why in detail


def test_a_cell_that_is_no_cell_is_refused_by_its_row_in_lines():
    assert faults(b'{"a": 1}\n{"a": []}', LINES) == [
        (2, None, "'a' is an object or a list, not a single value")
    ]


@pytest.mark.parametrize(
    ("first", "second", "kind", "cells"),
    [
        (1, 2.5, pa.float64(), [1.0, 2.5]),
        (1, "a", pa.string(), ["1", "a"]),
        (1.0, "a", pa.string(), ["1", "a"]),
        (None, 1, pa.int64(), [None, 1]),
        (1, None, pa.int64(), [1, None]),
        (2**70, 1, pa.string(), [str(2**70), "1"]),
        (2**70, 1.5, pa.float64(), [2.0**70, 1.5]),
        (True, 1, pa.string(), ["true", "1"]),
    ],
)
def test_a_column_is_typed_by_all_its_cells_however_far_apart(first, second, kind, cells):
    far = [{"id": "x", "x": first}, *[{"id": "x"}] * ROWS_AT_ONCE, {"id": "x", "x": second}]
    column = read_table(lines(*far), LINES)["x"]
    assert column.type == kind
    assert [column[0].as_py(), column[-1].as_py()] == cells


def test_a_large_integer_keeps_its_digits_beside_far_fractions_and_texts():
    rows = [{"x": 2**53 + 1}, {"x": 0.5}, *[{"x": 1}] * ROWS_AT_ONCE, {"x": "a"}]
    assert read_table(customers(*rows), JSON)["x"][0].as_py() == str(2**53 + 1)


@pytest.mark.parametrize("padding", range(BLOCK - 40, BLOCK + 4))
def test_json_is_read_the_same_wherever_a_block_of_it_ends(padding):
    body = (
        b'{"note": [], "customers": ['
        + b" " * padding
        + b'{"a": 12345}, {"a": "\\u00e9"}], "total": 12345}'
    )
    assert read_table(body, JSON).to_pydict() == {"a": ["12345", "é"]}


@pytest.mark.parametrize(
    "body",
    [b'{"customers": [{"a": 1}]} x', b'{"a": 1 "b": 2}', b"{1: 2}", b'{"customers": [{"a": 1}'],
)
def test_invalid_json_is_refused_by_its_position(body):
    assert "in line 1, column" in str(refused(body, JSON))


def test_json_errors_have_line_numbers_beyond_the_first_block():
    body = b'{"customers": [\n' + (b'{"a": 1},' + b" " * 1000 + b"\n") * 2000 + b"  oops]}"
    assert len(body) > BLOCK
    assert str(refused(body, JSON)).endswith("in line 2002, column 3")


@pytest.mark.parametrize(("write", "content_type"), [(customers, JSON), (lines, LINES)])
def test_a_raw_table_distinguishes_absent_fields_from_null(write, content_type):
    read = patch(write({"id": 1, "a": None}, {"id": 2, "b": 5}, {}), content_type)
    present = {name: mask.tolist() for name, mask in read.present.items()}
    assert present == {
        "id": [True, True, False],
        "a": [True, False, False],
        "b": [False, True, False],
    }
    assert read.table.to_pydict() == {"id": [1, 2, None], "a": [None] * 3, "b": [None, 5, None]}


def test_a_csv_has_every_column_in_every_row():
    assert patch(b"id,a\n1,\n", CSV).present is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, customers({"id": "a"}, {}, {"id": None}, {"id": " "}, {"id": "b"})),
        (LINES, lines({"id": "a"}, {}, {"id": None}, {"id": " "}, {"id": "b"})),
        (CSV, b"id,x\na,\n,\n\n  , \nb,\n"),
    ],
)
def test_a_row_without_a_single_cell_is_passed_over_in_every_format(content_type, body):
    assert read_table(body, content_type)["id"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    "before", ["", "\n", "\r\n\n", ";;\n", " \n", "sep=;\n", "SEP=;\r\n\n", '"sep=;"\n']
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_of_spreadsheets_before_the_header_are_skipped(before, charset):
    assert read_table(f"{before}a;b\n1;2\n".encode(charset), CSV).to_pydict() == {
        "a": ["1"],
        "b": ["2"],
    }


def test_the_delimiter_declared_in_the_file_is_used():
    assert read_table(b"sep=|\na,b|c\n1,5|2\n", CSV).to_pydict() == {"a,b": ["1,5"], "c": ["2"]}


def test_text_separated_by_tabs_may_hold_any_other_delimiter():
    assert read_table(b"a;b,c\td\n1;2,3\t4\n", TSV).to_pydict() == {"a;b,c": ["1;2,3"], "d": ["4"]}


def test_a_delimiter_inside_quotes_does_not_pass_for_the_delimiter():
    assert read_table(b'name,"income; k$"\nx,"1;2"\n', CSV).column_names == ["name", "income; k$"]


@pytest.mark.parametrize(
    "body",
    [b"a,b,\n1,2,\n3,4,\n", b"a,b\n1,2,\n3,4,\n", b"a,b,,\n1,2\n3,4\n", b"a,,b\n1,,2\n3, ,4\n"],
)
def test_a_column_with_neither_header_nor_cells_is_left_out(body):
    assert read_table(body, CSV).to_pydict() == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize(
    "body", [b"a,b,\n1,2,\n3,4,x\n", b"a,b,\n" + b"1,2,\n" * 1000 + b"3,4,x\n"]
)
def test_a_column_without_header_that_has_a_cell_is_refused(body):
    assert faults(body, CSV) == [(None, None, "column 3 has no header")]


def test_empty_rows_of_another_width_are_no_rows():
    assert read_table(b"a,b\n1,2\n,,,\n \n3,4\n", CSV).to_pydict() == {
        "a": ["1", "3"],
        "b": ["2", "4"],
    }


def test_ragged_rows_do_not_count_empty_ones():
    assert faults(b"a,b\n1,2\n,\n3\n", CSV) == [(2, None, "has 1 cells where the header has 2")]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (customers(*({f"f{n}": 1} for n in range(11))), JSON),
        (lines(*({f"f{n}": 1} for n in range(11))), LINES),
        (b"a,b\n" + b"1,2\n" * 51, CSV),
    ],
)
def test_a_table_beyond_what_memory_holds_is_refused(body, content_type):
    with pytest.raises(UnreadableBody, match="too many"):
        read_file(io.BytesIO(body), content_type, TableLimits(cells=100))


def test_reading_leaves_the_file_open():
    with TemporaryFile() as file:
        file.write(b"a,b\n1,2\n")
        for _ in range(2):
            assert read_file(file, CSV).num_rows == 1
