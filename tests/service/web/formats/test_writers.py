"""Tables to bytes, and back."""

import csv
import io
import json
import math
from functools import reduce
from itertools import product

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from models.columns import apply_schema, infer_schema
from models.errors import SegmentationError
from service.errors import ServiceError
from service.web.formats import read_table
from service.web.formats.writers import (
    FORMATS,
    JSON,
    ROWS_AT_ONCE,
    NotAcceptable,
    negotiate,
    write_table,
)
from service.web.table_response import TableResponse
from tests.support.readers import READERS

BY_NAME = {fmt.name: fmt for fmt in FORMATS}
TABLE = pa.table(
    {
        "customer_id": ["0001", 'a"b', "=1+1", "Zoë, town"],
        "income": [35.0, None, 1e15, -1e-7],
        "k$ (1-100)": pa.array([1, 2, None, 2**62]),
        "outlier": [True, False, None, True],
    }
)

headers = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff"), min_size=1
)
texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["", " ", "1", "1.0", "007", "a,b", 'x"', "-"]
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
numbers = numbers.map(lambda number: number or 0.0)
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 2)


@st.composite
def tables(draw):
    names = draw(st.lists(headers.filter(str.strip), min_size=1, max_size=4, unique_by=str.lower))
    size = draw(st.integers(1, 7))
    kinds = st.sampled_from([(pa.string(), texts), (pa.float64(), numbers), (pa.int64(), integers)])
    columns = []
    for _ in names:
        kind, cells = draw(kinds)
        columns.append(
            pa.array(draw(st.lists(st.none() | cells, min_size=size, max_size=size)), kind)
        )
    return pa.table(columns, names=names)


def written(table, fmt, noun="customers", **after):
    return b"".join(write_table(table.to_batches(max_chunksize=3), table.schema, fmt, noun, after))


def through(table, fmt):
    return read_table(io.BytesIO(written(table, fmt)), fmt.media_type, readers=READERS)


def dataset(table, formats):
    """Return a table as a dataset after a round trip through formats, or its refusal."""
    try:
        raw = reduce(through, formats, table)
        described = infer_schema(raw, customer_id=None)
        return described, apply_schema(raw, described).to_pydict()
    except (ServiceError, SegmentationError) as refusal:
        return type(refusal)


@pytest.mark.costly
@settings(settings.get_profile("costly"))
@given(tables(), st.sampled_from(list(product(FORMATS, FORMATS))))
def test_any_table_is_the_same_dataset_through_any_two_formats_twice(table, formats):
    assert dataset(table, formats * 2) == dataset(table, [BY_NAME["arrow"]])


@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_numbers_that_are_not_finite_are_empty_in_every_format(fmt):
    table = pa.table({"customer_id": ["a", "b", "c"], "x": [math.nan, math.inf, 1.5]})
    assert [cell or None for cell in through(table, fmt)["x"].to_pylist()] in (
        [None, None, 1.5],
        [None, None, "1.5"],
    )


@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_a_table_without_rows_is_a_complete_document(fmt):
    body = written(TABLE.slice(0, 0), fmt)
    if fmt.name == "parquet":
        assert pq.read_table(io.BytesIO(body)).column_names == TABLE.column_names
    elif fmt.name == "arrow":
        assert pa.ipc.open_stream(body).read_all().column_names == TABLE.column_names
    else:
        assert (
            body.decode().split()
            == {"json": '{"customers": [ ]}', "csv": header(TABLE), "ndjson": ""}[fmt.name].split()
        )


def header(table):
    return ",".join(table.column_names)


def test_json_is_one_object_with_the_rows_and_extra_fields():
    assert json.loads(written(TABLE, JSON, noun="members", seed=7, total=4)) == {
        "members": TABLE.to_pylist(),
        "seed": 7,
        "total": 4,
    }


def test_extra_fields_may_be_computed_after_the_rows():
    after = {}

    def batches():
        yield from TABLE.to_batches()
        after["total"] = 4

    document = json.loads(b"".join(write_table(batches(), TABLE.schema, JSON, "customers", after)))
    assert document["total"] == 4


def test_lines_are_one_object_each():
    assert [
        json.loads(line) for line in written(TABLE, BY_NAME["ndjson"]).splitlines()
    ] == TABLE.to_pylist()


def test_csv_is_read_back_by_a_csv_reader():
    rows = list(csv.reader(io.StringIO(written(TABLE, BY_NAME["csv"]).decode(), newline="")))
    assert rows == [
        TABLE.column_names,
        ["0001", "35", "1", "true"],
        ['a"b', "", "2", "false"],
        ["=1+1", "1000000000000000", "", ""],
        ["Zoë, town", "-1e-07", str(2**62), "true"],
    ]


def test_csv_lines_end_as_in_rfc_4180():
    assert written(TABLE, BY_NAME["csv"]).count(b"\r\n") == TABLE.num_rows + 1


@pytest.mark.parametrize("read", [pl.read_parquet, lambda body: pl.from_arrow(pq.read_table(body))])
def test_parquet_keeps_the_types(read):
    assert read(io.BytesIO(written(TABLE, BY_NAME["parquet"]))).to_dicts() == TABLE.to_pylist()


def test_an_arrow_stream_keeps_the_types():
    assert pa.ipc.open_stream(written(TABLE, BY_NAME["arrow"])).read_all().equals(TABLE)


@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_rows_are_sent_before_the_next_are_read(fmt):
    asked = []
    rows = pa.record_batch({"x": pa.array(range(1 << 16))})

    def batches():
        for n in range(100):
            asked.append(n)
            yield rows

    parts = write_table(batches(), rows.schema, fmt, "customers")
    while len(next(parts)) < 1000:
        pass
    assert len(asked) <= 2


def test_many_rows_in_one_batch_are_sent_in_parts():
    table = pa.table({"x": pa.array(range(10 * ROWS_AT_ONCE))})
    assert (
        len(list(write_table(table.to_batches(), table.schema, BY_NAME["ndjson"], "customers")))
        == 10
    )


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("text/*", "csv"),
        ("application/*", "json"),
        ("application/jsonl", "ndjson"),
        ("application/json;q=0.5, text/csv", "csv"),
        ("application/json;q=0, */*", "ndjson"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "json"),
        ("application/vnd.apache.parquet, application/json", "json"),
        ("application/vnd.apache.arrow.stream; q=1, application/json; q=0.9", "arrow"),
        ("text/csv; q=high", "csv"),
    ],
)
def test_the_format_is_the_one_the_client_prefers(accept, name):
    assert negotiate(accept).name == name


@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_the_format_parameter_overrides_the_accept_header(fmt):
    assert negotiate("text/html", fmt.name) is fmt


@pytest.mark.parametrize(
    ("accept", "name"), [("text/html", None), ("text/csv;q=0", None), ("*/*", "xlsx"), ("*/*", "")]
)
def test_a_format_that_there_is_not_is_answered_with_all_there_are(accept, name):
    with pytest.raises(NotAcceptable) as caught:
        negotiate(accept, name)
    assert all(fmt.media_type in str(caught.value) for fmt in FORMATS)


def answered(fmt):
    return TestClient(
        TableResponse(TABLE.to_batches(max_chunksize=3), TABLE.schema, fmt, noun="members")
    ).get("/")


@pytest.mark.parametrize("fmt", FORMATS, ids=BY_NAME)
def test_a_response_has_its_media_type_and_vary(fmt):
    answer = answered(fmt)
    assert answer.headers["content-type"].startswith(fmt.media_type)
    assert answer.headers["vary"] == "Accept"
    assert answer.content == written(TABLE, fmt, noun="members")


@pytest.mark.parametrize(
    ("name", "file"),
    [("csv", "members.csv"), ("parquet", "members.parquet"), ("arrow", "members.arrows")],
)
def test_a_file_is_kept_under_its_name(name, file):
    assert (
        answered(BY_NAME[name]).headers["content-disposition"] == f'attachment; filename="{file}"'
    )


@pytest.mark.parametrize("name", ["json", "ndjson"])
def test_formats_that_are_no_files_are_shown_inline(name):
    assert "content-disposition" not in answered(BY_NAME[name]).headers


def test_an_unreadable_table_fails_before_the_response_starts():
    def batches():
        raise ServiceError
        yield

    with pytest.raises(ServiceError):
        TableResponse(batches(), TABLE.schema, JSON, noun="members")


@pytest.mark.parametrize("as_form", [False, True], ids=["body", "form"])
def test_the_same_table_put_in_any_format_is_the_same_dataset(sampled, name, sample_csv, as_form):
    table = read_table(io.BytesIO(sample_csv.encode()), "text/csv")
    shown = []
    for fmt in FORMATS:
        body = written(table, fmt)
        sent = {"content": body, "headers": {"Content-Type": fmt.media_type}}
        form = {"files": {"file": (f"customers{fmt.ending or f'.{fmt.name}'}", body)}}
        answer = sampled.put(f"/v1/datasets/{name}", **(form if as_form else sent)).json()
        shown.append(
            (answer["customer_id"], answer["n_customers"], answer["columns"], answer["warnings"])
        )
    assert shown == [shown[0]] * len(FORMATS)
    assert shown[0][1] == table.num_rows
