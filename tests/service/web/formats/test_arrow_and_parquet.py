"""Parquet and Arrow bodies: as other programs write them, and as nobody should."""

import io
import random
import struct
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from service.web.formats import TableLimits, UnreadableBody, read_patch, read_table
from tests.support.readers import READERS

pytestmark = pytest.mark.slow

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
both = pytest.mark.parametrize(
    "writer", [WRITERS["parquet"], WRITERS["arrow stream"]], ids=["parquet", "arrow"]
)


@pytest.fixture(scope="module", autouse=True)
def readers():
    with READERS:
        yield


def read(body, content_type, **bounds):
    return read_table(io.BytesIO(body), content_type, TableLimits(**bounds), READERS)


def one(array, writer):
    write, content_type = writer
    return read_patch(
        io.BytesIO(write(pa.table({"x": array}))), content_type, readers=READERS
    ).table["x"]


def process_id():
    """The id of the process that read the last body."""
    return READERS._idle[-1]._child.pid


def refused(body, content_type, **bounds):
    with pytest.raises(UnreadableBody) as caught:
        read(body, content_type, **bounds)
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
        (
            [datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5)],  # noqa: DTZ001
            ["2024-01-02T00:00:00", "2024-01-02T03:04:05"],
        ),
        ([datetime(2024, 1, 2, 3, 4, 5, 6000)], ["2024-01-02T03:04:05.006"]),  # noqa: DTZ001
        ([datetime(2024, 1, 2, 3, tzinfo=UTC), None], ["2024-01-02T03:00:00Z", None]),
        ([time(3, 4, 5)], ["03:04:05.000000"]),
    ],
)
def test_timestamps_are_iso_texts_in_the_coarsest_exact_unit(writer, moments, texts):
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
    body = io.BytesIO(write(pa.table({"x": [1, None]})))
    assert read_patch(body, content_type, readers=READERS).present is None


@both
@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([timedelta(1)]),
        pa.array([[("a", 1)]], pa.map_("str", "int8")),
    ],
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
    half = pa.StringArray.from_buffers(
        1, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")
    )
    assert refused(write(pa.table({"x": half})), content_type)


@every_writer
@pytest.mark.parametrize("length", [0, 3, 8, 100, -1, -8, -20])
def test_a_body_that_broke_off_is_refused(writer, length):
    write, content_type = writer
    body = write(pa.table({"id": ["a", "b"], "x": [1.5, 2.5]}))[:length]
    assert length < 0 or refused(body, content_type)
    assert length > 0 or content_type == ARROW or refused(body, content_type)


@every_writer
def test_a_damaged_body_is_read_or_refused_by_the_same_process(writer, n_flips):
    write, content_type = writer
    read(write(pa.table({"id": ["a"]})), content_type)
    body = write(
        pa.table({"id": ["a", "b"] * 50, "x": [1.5, 2.5] * 50, "d": pa.array(["u", "v"] * 50)})
    )
    rng = random.Random(7)  # noqa: S311 - the same damage in every run
    begun_in = process_id()
    for _ in range(n_flips):
        damaged = bytearray(body)
        damaged[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        with suppress(UnreadableBody):
            read(bytes(damaged), content_type)
    assert process_id() == begun_in


@pytest.mark.parametrize("content_type", [PARQUET, ARROW])
def test_a_body_of_another_format_is_refused(content_type):
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
    assert "unpacked" in str(
        refused(arrow(pa.table({"x": pa.RunEndEncodedArray.from_arrays([MANY], [LONG])})), ARROW)
    )


def test_rows_without_bytes_count_towards_the_limit():
    assert "rows" in str(refused(arrow(pa.table({"x": pa.nulls(10**8 + 1)})), ARROW))


def test_rows_with_few_bytes_count_towards_the_limit():
    assert "rows" in str(
        refused(parquet(pa.table({"x": pa.nulls(10**8 + 1, pa.bool_())})), PARQUET)
    )


@pytest.mark.parametrize("write", [arrow, arrow_file])
def test_a_buffer_with_a_huge_declared_size_is_refused_unread(write):
    table = pa.table({"x": [0.0] * 1000})
    body = write(table, compression="zstd")
    claimed, huge = struct.pack("<q", 8000), struct.pack("<q", 2**40)
    assert body.count(claimed) == 1
    assert "unpacked" in str(refused(body.replace(claimed, huge), ARROW))


def viewed(*views, cells=b"", valid=0xFF):
    """A column of texts by their views, each four words.

    The length, a prefix, the number of a buffer, the start.
    """
    words = b"".join(struct.pack("<iiii", *view) for view in views)
    buffers = [pa.py_buffer(bytes([valid])), pa.py_buffer(words), pa.py_buffer(cells)]
    return pa.Array.from_buffers(pa.string_view(), len(views), buffers)


XXXX = 0x78787878
HERE = (20, XXXX, 0, 0)
ELSEWHERE = [
    (-1, 0, 0, 0),
    (-(2**31), 0, 0, 0),
    (20, XXXX, 1, 0),
    (20, XXXX, -1, 0),
    (20, XXXX, 0, 1),
    (20, XXXX, 0, -1),
]


@pytest.mark.parametrize("view", ELSEWHERE)
@pytest.mark.parametrize("packed", [False, True])
def test_a_view_outside_its_buffers_is_refused(view, packed):
    column = viewed(HERE, view, cells=b"x" * 20)
    column = pa.DictionaryArray.from_arrays(pa.array([0, 0]), column) if packed else column
    assert "damaged" in str(refused(arrow(pa.table({"x": column})), ARROW))


@pytest.mark.parametrize("view", ELSEWHERE)
@pytest.mark.parametrize("packed", [False, True])
def test_the_view_of_a_null_cell_is_not_followed(view, packed):
    column = viewed(HERE, view, cells=b"x" * 20, valid=0b01)
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1]), column) if packed else column
    assert read(arrow(pa.table({"x": column})), ARROW)["x"].to_pylist() == ["x" * 20]


@pytest.mark.parametrize(
    ("precision", "scale"), [(30, 31), (30, 2_000_000_000), (30, -1), (5, -(2**31))]
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_decimal_of_an_impossible_scale_is_refused_by_its_column(precision, scale, packed):
    digits = pa.py_buffer((10**4).to_bytes(16, "little"))
    column = pa.Array.from_buffers(pa.decimal128(precision, scale), 1, [None, digits])
    column = pa.DictionaryArray.from_arrays(pa.array([0]), column) if packed else column
    [fault] = refused(arrow(pa.table({"id": ["a"], "price": column})), ARROW).errors
    assert "'price'" in fault.detail


def test_runs_of_views_are_refused_by_their_column():
    runs = pa.RunEndEncodedArray.from_arrays([2], pa.array(["a"], pa.string_view()))
    [fault] = refused(arrow(pa.table({"id": runs})), ARROW).errors
    assert "'id'" in fault.detail


def index_of(body):
    """Where the index of an Arrow file begins, and its bytes."""
    (size,) = struct.unpack("<i", body[-10:-6])
    return len(body) - 10 - size, body[-10 - size : -10]


def with_blocks(body, change):
    """The same Arrow file, the list of batches in its index changed."""
    start, index = index_of(body)
    (root,) = struct.unpack_from("<I", index)
    fields = root - struct.unpack_from("<i", index, root)[0]
    field = root + struct.unpack_from("<H", index, fields + 4 + 2 * 3)[0]
    vector = field + struct.unpack_from("<I", index, field)[0]
    (n_blocks,) = struct.unpack_from("<I", index, vector)
    blocks = [index[vector + 4 + 24 * n :][:24] for n in range(n_blocks)]
    changed = change(blocks)
    index = bytearray(index) + b"\0" * (-(len(index) + 4) % 8)
    struct.pack_into("<I", index, field, len(index) - field)
    index += struct.pack("<I", len(changed)) + b"".join(changed)
    return body[:start] + index + struct.pack("<i", len(index)) + b"ARROW1"


def batches_in_a_file(*sizes):
    sink = io.BytesIO()
    batches = [
        pa.record_batch({"id": [f"{n}-{row}" for row in range(size)]})
        for n, size in enumerate(sizes)
    ]
    with ipc.new_file(sink, pa.schema({"id": pa.string()})) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def test_a_file_is_read_batch_by_batch_by_its_index():
    body = with_blocks(batches_in_a_file(1, 2), lambda blocks: blocks)
    assert read(body, ARROW)["id"].to_pylist() == ["0-0", "1-0", "1-1"]


@pytest.mark.parametrize(
    "change",
    [
        lambda blocks: [blocks[0], blocks[0]],
        lambda blocks: blocks[::-1],
        lambda blocks: [blocks[0][:8] + struct.pack("<i4xq", 8, 0), blocks[1]],
        lambda blocks: [blocks[0], blocks[1][:16] + struct.pack("<q", 8)],
    ],
    ids=["named twice", "backwards", "said to be short", "said to be of another size"],
)
def test_a_file_whose_index_does_not_name_each_batch_once_in_order_is_refused(change):
    assert "damaged" in str(refused(with_blocks(batches_in_a_file(2, 2), change), ARROW))


@pytest.mark.parametrize("opened", [ipc.new_stream, ipc.new_file])
def test_batches_without_rows_are_passed_over(opened):
    sink, empty = io.BytesIO(), pa.record_batch({"id": pa.array([], pa.string())})
    with opened(sink, empty.schema) as writer:
        for batch in (empty, pa.record_batch({"id": ["a"]}), empty):
            writer.write_batch(batch)
    assert read(sink.getvalue(), ARROW)["id"].num_chunks == 1


LONG_TYPES = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.binary(),
    pa.large_binary(),
    pa.binary_view(),
]


@pytest.mark.parametrize("kind", LONG_TYPES, ids=str)
def test_parquet_texts_of_every_type_are_refused_before_they_are_unpacked(kind):
    body = parquet(pa.table({"id": pa.array(["x" * 1_000] * 10_000).cast(kind)}))
    assert "unpacked" in str(refused(body, PARQUET, n_bytes=1 << 20))


@pytest.mark.parametrize("kind", LONG_TYPES, ids=str)
def test_parquet_texts_of_every_type_are_read(kind):
    assert one(pa.array(["a", None, "b" * 20]).cast(kind), (parquet, PARQUET)).to_pylist() == [
        "a",
        None,
        "b" * 20,
    ]


def understating(body):
    """The same Parquet file, each row group and column said to take a single byte."""
    (size,) = struct.unpack("<I", body[-8:-4])
    head, footer = body[: -8 - size], body[-8 - size : -8]
    metadata = pq.ParquetFile(io.BytesIO(body)).metadata
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for said in {
            group.total_byte_size,
            *(group.column(n).total_uncompressed_size for n in range(2)),
        }:
            footer = footer.replace(b"\x16" + zigzag(said), b"\x16" + zigzag(1, like=zigzag(said)))
    return head + footer + body[-8:]


def zigzag(number, like=None):
    """A number as Thrift writes it, as long as another if need be."""
    groups = [2 * number >> shift & 0x7F for shift in range(0, 64, 7)]
    length = len(like) if like else max(1, -(-(2 * number).bit_length() // 7))
    return bytes([*(group | 0x80 for group in groups[: length - 1]), groups[length - 1]])


@pytest.mark.parametrize("kind", [pa.string(), pa.int64()], ids=str)
def test_a_parquet_file_that_exceeds_its_declared_size_is_refused(kind):
    cells = pa.array(range(100_000), pa.int64()).cast(kind)
    table = pa.table({"a": cells, "b": cells})
    body = understating(parquet(table, compression="zstd", use_dictionary=False))
    assert pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0).total_byte_size == 1
    assert "unpacked" in str(refused(body, PARQUET, n_bytes=1 << 20))


def test_a_page_that_takes_more_memory_than_allowed_is_refused_and_the_next_body_is_read():
    page = pa.table({"a": ["x" * (300 << 20)], "b": ["x"]})
    body = understating(parquet(page, compression="zstd", use_dictionary=False))
    assert "memory" in str(refused(body, PARQUET, n_bytes=1 << 20))
    assert read(parquet(pa.table({"id": ["a"]})), PARQUET).num_rows == 1


def test_parquet_columns_keep_their_order_with_any_names():
    table = pa.table({"b.c": [1], "b": [2], ".b": [3], "a": [4], "b.": [5]})
    assert read(parquet(table), PARQUET).equals(table)
