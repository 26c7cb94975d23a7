"""Counts of columns after their rows have changed."""

import pyarrow as pa
import pytest

from models.columns import Column, count_columns


@pytest.mark.parametrize(
    ("cells", "missing", "distinct"),
    [
        ([3.0, None, 1.0, 3.0, -2.5], 1, 3),
        ([0.0, -0.0], 0, 1),
        ([None, None], 2, 0),
        (["b", "a", None, "b"], 1, 2),
    ],
)
def test_missing_and_distinct_cells_are_counted_in_all_chunks(cells, missing, distinct):
    of_type = pa.array(cells).type if any(cells) else pa.float64()
    chunks = pa.chunked_array([pa.array(cells[:2], of_type), pa.array(cells[2:], of_type)])
    [counted] = count_columns(
        pa.table({"x": chunks}), [Column(name="x", kind="numeric", missing=9, distinct=9)]
    )
    assert (counted.missing, counted.distinct) == (missing, distinct)


def test_the_customer_id_is_complete_and_unique():
    table = pa.table({"id": pa.array(["a", "b"])})
    [counted] = count_columns(
        table, [Column(name="id", kind="identifier", missing=9, distinct=9)], customer_id="id"
    )
    assert (counted.missing, counted.distinct) == (0, 2)
