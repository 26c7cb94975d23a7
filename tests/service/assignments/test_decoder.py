"""Large bodies are decoded in parts, which changes no customer."""

import json

import pytest

from service.assignments.decoder import PART_BYTES, decode, split
from service.assignments.inputs import InputSchema
from service.web.formats import DEFAULT_LIMITS
from service.web.formats.json_reader import MAX_VALUE_LENGTH

SCHEMA = InputSchema(features=(("size", "numeric"), ("town", "categorical")), id_columns=("id",))
N_CUSTOMERS = 5_000
CUSTOMERS = [
    {"id": f"c{n}", "size": n / 7, "town": '},{"], "customers":[{'} for n in range(N_CUSTOMERS)
]


def body_of(customers, **json_options):
    return json.dumps({"customers": customers}, **json_options).encode()


def test_no_part_of_a_body_is_much_longer_than_allowed():
    longest = max(len(body_of([customer])) for customer in CUSTOMERS)
    assert max(map(len, split(body_of(CUSTOMERS)))) <= PART_BYTES + longest


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("extra", [{}, {"extra": 1}], ids=["known columns", "extra column"])
def test_decoding_in_parts_keeps_each_customer_in_order(extra, indent):
    body = body_of([customer | extra for customer in CUSTOMERS], indent=indent)
    expected = [(customer["size"], customer["town"], customer["id"]) for customer in CUSTOMERS]
    assert decode(body, SCHEMA, DEFAULT_LIMITS).cells() == expected


@pytest.mark.parametrize(
    ("n_bytes", "is_decoded"), [(MAX_VALUE_LENGTH - 1, True), (MAX_VALUE_LENGTH, False)]
)
def test_a_customer_that_is_too_long_to_decode_at_once_is_left_to_the_route(n_bytes, is_decoded):
    body = b'{"customers":[%b}]}' % b'{"size":1'.ljust(n_bytes - 1)
    assert (decode(body, SCHEMA, DEFAULT_LIMITS) is not None) == is_decoded


@pytest.mark.parametrize(
    "flaw", [b"]", b',{"size":tru]}', b',{"size":1}],"more":1}', b",]}", b',{"size":[]}]}']
)
def test_a_large_invalid_body_is_left_to_the_route(flaw):
    valid = body_of(CUSTOMERS).removesuffix(b"]}")
    assert decode(valid + flaw, SCHEMA, DEFAULT_LIMITS) is None
