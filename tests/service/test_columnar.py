"""Parquet and Arrow bodies: as other programs write them, and as nobody should."""

import io
import random
import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from service.web.formats import UnreadableBody, read_patch, read_table

PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"
LONG = "x" * 1_000_000
MANY = 1_000_000


def parquet(table, **options):
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def arrow(table, opened=ipc.new_stream, **options):
    sink = io.BytesIO()
    with opened(sink, table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def arrow_file(table, **options):
    return arrow(table, ipc.new_file, **options)


def by_polars(method):
    def write(table, **options):
        sink = io.BytesIO()
        getattr(pl.from_arrow(table), method)(sink, **options)
        return sink.getvalue()

    return write


WRITERS = {
    "parquet": (parquet, PARQUET),
    "arrow stream": (arrow, ARROW),
    "arrow file": (arrow_file, ARROW),
    "polars parquet": (by_polars("write_parquet"), PARQUET),
    "polars stream": (by_polars("write_ipc_stream"), ARROW),
    "polars file": (by_polars("write_ipc"), ARROW),
}
every_writer = pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
both = pytest.mark.parametrize("writer", [WRITERS["parquet"], WRITERS["arrow stream"]], ids=["parquet", "arrow"])


def read(body, content_type):
    return read_table(io.BytesIO(body), content_type)


def one(array, writer):
    write, content_type = writer
    return read_patch(io.BytesIO(write(pa.table({"x": array}))), content_type).table["x"]


def refused(body, content_type):
    with pytest.raises(UnreadableBody) as caught:
        read(body, content_type)
    return caught.value


@every_writer
@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_table_is_read_however_it_was_written(writer, compression):
    table = pa.table({"id": ["a", "b" * 40, None], "x": [1.5, None, 2.0], "n": [1, 2, None]})
    write, content_type = writer
    assert read(write(table, compression=compression), content_type).equals(table)


@every_writer
@pytest.mark.parametrize(
    ("array", "cells"),
    [
        (pa.array([True, None, False]), ["true", None, "false"]),
        (pa.array([1, 2, 255], pa.uint8()), [1, 2, 255]),
        (pa.array([1, None], pa.uint64()), [1, None]),
        (pa.array([1, 2**64 - 1], pa.uint64()), ["1", "18446744073709551615"]),
        (pa.array([0.5, None], pa.float32()), [0.5, None]),
        (pa.array([Decimal("1.50"), None]), [1.5, None]),
        (pa.array([date(2024, 2, 29), None]), ["2024-02-29", None]),
        (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None]),
        (pa.array(["a", "é"], pa.large_string()), ["a", "é"]),
        (pa.array(["a", "é" * 20], pa.string_view()), ["a", "é" * 20]),
        (pa.array([b"a", "é".encode()]), ["a", "é"]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_a_column_of_any_type_is_text_or_numbers(writer, array, cells):
    column = one(array, writer)
    assert column.type in {pa.string(), pa.int64(), pa.float64()}
    assert column.to_pylist() == cells


@both
@pytest.mark.parametrize(
    ("moments", "texts"),
    [
        ([datetime(2024, 1, 2), datetime(1969, 12, 31)], ["2024-01-02", "1969-12-31"]),  # noqa: DTZ001
        ([datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5)], ["2024-01-02T00:00:00", "2024-01-02T03:04:05"]),  # noqa: DTZ001
        ([datetime(2024, 1, 2, 3, 4, 5, 6000)], ["2024-01-02T03:04:05.006"]),  # noqa: DTZ001
        ([datetime(2024, 1, 2, 3, tzinfo=UTC), None], ["2024-01-02T03:00:00Z", None]),
        ([time(3, 4, 5)], ["03:04:05.000000"]),
    ],
)
def test_moments_are_iso_texts_no_finer_than_they_need_to_be(writer, moments, texts):
    assert one(pa.array(moments), writer).to_pylist() == [*texts]


@both
def test_a_column_without_a_single_cell_is_text(writer):
    write, content_type = writer
    table = read(write(pa.table({"id": ["a"], "x": pa.nulls(1)})), content_type)
    assert table.schema.field("x").type == pa.string()


def test_runs_are_unpacked():
    runs = pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"])
    assert one(runs, (arrow, ARROW)).to_pylist() == ["a", "a", "b"]


@both
def test_every_row_has_every_column(writer):
    write, content_type = writer
    assert read_patch(io.BytesIO(write(pa.table({"x": [1, None]}))), content_type).present is None


@both
@pytest.mark.parametrize(
    "array",
    [pa.array([[1]]), pa.array([{"a": 1}]), pa.array([timedelta(1)]), pa.array([[("a", 1)]], pa.map_("str", "int8"))],
    ids=lambda array: str(array.type),
)
def test_a_column_of_no_single_values_is_refused_by_its_name(writer, array):
    write, content_type = writer
    [fault] = refused(write(pa.table({"id": ["a"], "basket": array})), content_type).errors
    assert "'basket'" in fault.detail


@both
@pytest.mark.parametrize("names", [["Age", "age"], ["a", "a"], ["a", " "], ["a", "b\n"]])
def test_headers_are_checked_as_in_every_format(writer, names):
    write, content_type = writer
    assert refused(write(pa.table([["x"], ["y"]], names=names)), content_type).errors


@both
def test_bytes_that_are_no_text_are_refused(writer):
    write, content_type = writer
    assert refused(write(pa.table({"x": pa.array([b"\xff\xfe"])})), content_type)


@both
def test_text_that_is_no_text_is_refused(writer):
    write, content_type = writer
    half = pa.StringArray.from_buffers(1, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe"))
    assert refused(write(pa.table({"x": half})), content_type)


@every_writer
@pytest.mark.parametrize("length", [0, 3, 8, 100, -1, -8, -20])
def test_a_body_that_broke_off_is_refused(writer, length):
    write, content_type = writer
    body = write(pa.table({"id": ["a", "b"], "x": [1.5, 2.5]}))[:length]
    assert length < 0 or refused(body, content_type)
    assert length > 0 or content_type == ARROW or refused(body, content_type)


@every_writer
def test_a_damaged_body_is_read_or_refused_but_never_more_than_that(writer, n_flips):
    write, content_type = writer
    body = write(pa.table({"id": ["a", "b"] * 50, "x": [1.5, 2.5] * 50, "d": pa.array(["u", "v"] * 50)}))
    rng = random.Random(7)  # noqa: S311 - the same damage in every run
    for _ in range(n_flips):
        damaged = bytearray(body)
        damaged[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        try:
            read(bytes(damaged), content_type)
        except UnreadableBody:
            continue


@pytest.mark.parametrize("content_type", [PARQUET, ARROW])
def test_a_body_that_is_something_else_is_refused(content_type):
    assert "incomplete or damaged" in str(refused(b"customer_id,age\na,1\n", content_type))


@both
def test_a_long_text_that_is_named_often_is_refused_before_it_is_unpacked(writer):
    write, content_type = writer
    often = pa.DictionaryArray.from_arrays(pa.nulls(MANY, pa.int32()).fill_null(0), [LONG])
    assert "unpacked" in str(refused(write(pa.table({"x": often})), content_type))


def test_a_long_text_that_is_viewed_often_is_refused_before_it_is_unpacked():
    often = pa.array([LONG], pa.string_view()).buffers()
    views = pa.py_buffer(often[1].to_pybytes()[:16] * MANY)
    array = pa.Array.from_buffers(pa.string_view(), MANY, [None, views, often[2]])
    assert "unpacked" in str(refused(arrow(pa.table({"x": array})), ARROW))


def test_a_long_text_that_runs_on_is_refused_before_it_is_unpacked():
    assert "unpacked" in str(refused(arrow(pa.table({"x": pa.RunEndEncodedArray.from_arrays([MANY], [LONG])})), ARROW))


def test_rows_that_take_no_room_are_counted():
    assert "rows" in str(refused(arrow(pa.table({"x": pa.nulls(10**8 + 1)})), ARROW))


def test_rows_that_take_little_room_are_counted():
    assert "rows" in str(refused(parquet(pa.table({"x": pa.nulls(10**8 + 1, pa.bool_())})), PARQUET))


@pytest.mark.parametrize("write", [arrow, arrow_file])
def test_a_buffer_that_says_it_is_huge_once_unpacked_is_refused_unread(write):
    table = pa.table({"x": [0.0] * 1000})
    body = write(table, compression="zstd")
    claimed, huge = struct.pack("<q", 8000), struct.pack("<q", 2**40)
    assert body.count(claimed) == 1
    assert "unpacked" in str(refused(body.replace(claimed, huge), ARROW))
