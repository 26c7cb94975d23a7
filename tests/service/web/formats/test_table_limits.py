"""What is sent is bounded: names, markers, lists, cells and rows, each refused by what names it."""

import json
import tracemalloc
from io import BytesIO

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from models.cells import MAX_HEADER_LENGTH
from service.assignments import decoder
from service.assignments.decoder import decode
from service.assignments.inputs import InputSchema
from service.assignments.json_input import read_customers
from service.web.formats import TableLimits, UnreadableBody, read_table
from service.web.formats.json_depth import BLOCK, check_depth
from service.web.formats.json_reader import MAX_VALUE_LENGTH

pytestmark = pytest.mark.slow

LONG = "x" * (MAX_HEADER_LENGTH + 1)
BODIES = {
    "application/json": json.dumps({"customers": [{"a": 1, LONG: 2}]}),
    "application/x-ndjson": json.dumps({"a": 1, LONG: 2}),
    "text/csv": f"a,{LONG}\n1,2\n",
}
READERS = {
    "dataset": lambda body: read_table(BytesIO(body), "application/json"),
    "assignments": lambda body: read_customers(BytesIO(body), TableLimits(), max_depth=9),
}
SHAPE = InputSchema(features=(("a", "numeric"), ("b", "categorical")), id_columns=("customer_id",))


def depth_of(value):
    if not isinstance(value, list | dict):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


def is_within(document, most):
    try:
        check_depth(document, most)
    except UnreadableBody:
        return False
    return True


texts = st.text(st.sampled_from('"\\[]{}a'), max_size=8)
values = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


@given(value=values, before=st.sampled_from([0, BLOCK - 9, BLOCK - 1]))
def test_a_document_is_as_deep_as_its_value(value, before):
    document = b" " * before + json.dumps(value).encode()
    assert is_within(document, depth_of(value))
    assert not depth_of(value) or not is_within(document, depth_of(value) - 1)


@pytest.mark.parametrize("media_type", BODIES)
def test_a_header_that_is_too_long_is_refused_by_its_position(media_type):
    with pytest.raises(UnreadableBody) as refused:
        read_table(BytesIO(BODIES[media_type].encode()), media_type)
    assert [fault.detail for fault in refused.value.errors] == [
        "the header of column 2 has more than 1,000 characters"
    ]


def refused(answer):
    assert answer.status_code == 422
    return [(fault.get("pointer"), fault.get("row")) for fault in answer.json()["errors"]]


def test_a_marker_that_is_too_long_is_refused(sampled):
    changes = {"columns": {"Age": {"missing": ["x" * 257]}}}
    assert refused(sampled.patch("/v1/datasets/sample", json=changes)) == [
        ("/columns/Age/missing/0", None)
    ]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/datasets/sample/recommendations"])
def test_more_features_than_columns_are_refused(sampled, path):
    asked = {"name": "own", "dataset": "sample", "k": 3} if path == "/v1/models" else {}
    assert refused(sampled.post(path, json={**asked, "features": ["Age"] * 100})) == [
        ("/features", None)
    ]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/datasets/sample/recommendations"])
def test_features_are_looked_at_while_others_may_write(sampled, path):
    database = sampled.app.state.services.stores.database
    asked = {"name": "own", "dataset": "sample", "k": 3} if path == "/v1/models" else {}
    with database.writing():
        assert refused(sampled.post(path, json={**asked, "features": ["nothing"]})) == [
            ("/features/0", None)
        ]


@pytest.mark.parametrize("query", ["", "atomic=0"])
def test_a_name_that_is_too_long_is_refused_in_assignments(sampled, query):
    answer = sampled.post(
        f"/v1/models/sample/assignments?{query}", json={"customers": [{"Age": 5}, {LONG: 5}]}
    )
    assert [row for _, row in refused(answer)] == [2]


@pytest.mark.parametrize("query", ["", "atomic=0"])
@pytest.mark.parametrize("column", ["Gender", "besides"])
def test_a_cell_that_is_too_long_is_refused_in_assignments(sampled, column, query):
    customers = [{"Age": 5}, {"Age": 5, column: "x" * 65_537}]
    answer = sampled.post(f"/v1/models/sample/assignments?{query}", json={"customers": customers})
    assert [row for _, row in refused(answer)] == [2]


def test_customers_are_counted_before_all_of_them_are_there():
    body = b'{"customers": [' + b'{"a":0},' * 300_000 + b"{}]}"
    tracemalloc.start()
    assert decode(body, SHAPE, TableLimits(rows=1000)) is None
    with pytest.raises(UnreadableBody, match="more than 1,000 rows"):
        read_customers(BytesIO(body), TableLimits(rows=1000), max_depth=9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16_000_000


def test_a_fault_of_a_later_row_is_pointed_at():
    body = json.dumps({"customers": [{"a": 1}] * 2500 + [5]}).encode()
    with pytest.raises(RequestValidationError) as refused:
        read_customers(BytesIO(body), TableLimits(), max_depth=9)
    assert [fault["loc"] for fault in refused.value.errors()] == [("body", "customers", 2500)]


def test_nested_cells_use_no_memory():
    row = b'{"a": [' + b"[]," * 60_000 + b"[]]},"
    tracemalloc.start()
    customers = read_customers(
        BytesIO(b'{"customers": [' + row * 10 + b"{}]}"), TableLimits(), max_depth=9
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (customers.n_rows, peak < 25_000_000) == (11, True)


@pytest.mark.parametrize("before", [0, MAX_VALUE_LENGTH - 99])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_customer_that_is_too_long_is_refused_wherever_it_begins(read, before):
    customer = b'{"a":"%s","b":[%s0]}' % (b"x" * 1000, b"0," * (MAX_VALUE_LENGTH // 2))
    with pytest.raises(UnreadableBody, match=f"more than {MAX_VALUE_LENGTH:,} characters"):
        read(b'{"customers": [' + b" " * before + customer + b"]}")


def test_more_names_than_columns_are_not_decoded_at_once(monkeypatch):
    monkeypatch.setattr(decoder, "_decode_lenient", pytest.fail)
    body = b'{"customers": [{%s}]}' % b",".join(b'"%x":0' % name for name in range(1001))
    assert decode(body, SHAPE, TableLimits(columns=1000)) is None
