"""Nothing that reads what strangers send costs more than linear time, whatever they send."""

import ast
import importlib
import io
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter

import models
import service
from models import cells, column_words
from models.columns import apply_schema, infer_schema
from models.columns.dates import are_dates, find_order, read_days
from models.columns.headers import is_id_header
from models.columns.missing_markers import MissingMarkers
from models.columns.number_format_detection import detect_number_format
from models.errors import SegmentationError
from models.transactions.fields import read_amounts
from models.transactions.order_dates import read_dates
from service.assignments.decoder import decode
from service.assignments.inputs import InputSchema
from service.assignments.json_input import read_customers
from service.datasets.features import require_usable
from service.errors import ServiceError
from service.web.etags import matches_etag
from service.web.formats import DEFAULT_LIMITS, read_patch
from service.web.formats.arrow import read_arrow
from service.web.formats.charsets import known_charset
from service.web.formats.errors import check_headers
from service.web.formats.json_depth import check_depth
from service.web.formats.parquet import read_parquet
from service.web.formats.writers import negotiate
from service.web.pagination import decode_cursor, decode_offset, decode_row_cursor
from service.web.prefer import parse_prefer
from service.web.schemas import Name, Text

pytestmark = pytest.mark.slow

MOST = 6  # times the cost for four times the length
FUNCTIONS = {
    f"re.{name}"
    for name in ("compile", "search", "match", "fullmatch", "split", "sub", "findall", "finditer")
}
REFUSALS = (ServiceError, SegmentationError, RequestValidationError, ValueError)

# Each is said over and over, between a beginning and an end.
SHAPES = [
    *(
        ("", unit, "")
        for unit in (
            '"',
            "'",
            "\\",
            "(",
            "[",
            "{",
            ")",
            "]",
            "([",
            "(]",
            "a",
            "aB",
            "_",
            "é",
            "\ud800",
            "\x00",
        )
    ),
    *(
        ("", unit, "x")
        for unit in (
            " ",
            "9",
            ".",
            ",",
            ";",
            "-",
            "+",
            "\t",
            "0.",
            "=",
            "/",
            "|",
            "1,000",
            "e1",
            "\u2007",
        )
    ),
    *(
        ("", unit, "x,1\n")
        for unit in ("\n", "\r", " \n", ",\n", '"\n', "x\n", "1,2,3\n", '"a""b",')
    ),
    *(
        ("", unit, "")
        for unit in (
            "[]",
            '{"a":0},',
            '{"a":',
            "null,",
            "1/1/21 ",
            'W/"',
            ';"',
            ";a=1",
            "q=1,",
            "text/csv;",
        )
    ),
    ("[" * 33 + '"', '\\"', ""),
    ('{"customers":["', '\\"', ""),
    ('{"customers":[{"a":"', "\\u0041", ""),
    ('{"customers":[{"a":"', "9", 'x"}]}'),
    ('{"customers":[', "{},", "{}]}"),
    ('{"customers":[', '{"b":[]},', "{}]}"),
    ('{"x":[', "[],", "[]]}"),
    ('{"a":', "9", "}"),
    ('a,b\n"', '""', '",1\n'),
    ("a,b\n", '"x"', ""),
    ("id,b\n", "1,9x\n", ""),
    ("1.", "9", "x"),
    ("1e", "9", "x"),
    ("9.0", "0", "x"),
    ("+", "9", "."),
    ("wait", " ", "x"),
    ("bearer", " ", "x"),
    ("bearer x", " ", "x"),
    ("", "/assignments", "x"),
    ("text/csv; charset=", "a", ""),
    ("2021-01-01 ", " ", "x"),
]


def said(shape, n):
    before, unit, after = shape
    return before + unit * (n // len(unit)) + after


def seconds(act: Callable[[], object]) -> float:
    started = time.process_time()
    with suppress(*REFUSALS):
        act()
    return time.process_time() - started


def is_linear(act: Callable[[str], object], shape, n: int, *, negligible: float) -> bool:
    """Compare the costs at n and 4 n; negligible costs count as linear.

    A noisy machine can make a linear cost look worse, once or twice, but never a quadratic one
    better: one measurement out of several is enough.
    """
    short, long = said(shape, n), said(shape, 4 * n)
    if seconds(lambda: act(short)) > 20 * negligible:
        return False
    if seconds(lambda: act(long)) < negligible:
        return True
    return any(
        seconds(lambda: act(long)) <= MOST * max(seconds(lambda: act(short)), negligible / MOST)
        for _ in range(10)
    )


def modules() -> Iterator[str]:
    for package in (models, service):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(("__main__", "migrations.env")):
                yield found.name


def patterns() -> Iterator[tuple[re.Pattern, str]]:
    """Find every pattern, and the ways in which it is used."""
    for name in modules():
        module = importlib.import_module(name)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                known = vars(module).get(node.value.id)
                if isinstance(known, re.Pattern):
                    yield known, node.attr
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in FUNCTIONS:
                with suppress(ValueError):  # what is made when this runs is found where it is kept
                    yield (
                        re.compile(ast.literal_eval(node.args[0])),
                        ast.unparse(node.func).removeprefix("re."),
                    )


def apply(pattern, method: str, text: str) -> None:
    given = text.encode(errors="surrogatepass") if isinstance(pattern.pattern, bytes) else text
    if method == "compile":
        pattern.fullmatch(given)
    elif method == "sub":
        pattern.sub(given[:0], given)
    elif method == "finditer":
        next(pattern.finditer(given), None)
    else:
        getattr(pattern, method)(given)


def test_every_pattern_is_linear():
    slow = [
        (pattern.pattern, method, shape)
        for pattern, method in patterns()
        for shape in SHAPES
        if not is_linear(partial(apply, pattern, method), shape, 4_000, negligible=0.02)
    ]
    assert slow == []


def body(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode(errors="surrogatepass"))


def buffer(text: str) -> pa.Buffer:
    return pa.py_buffer(body(text).getvalue())


def cell(text: str) -> pa.Array:
    return pa.array([text.encode(errors="replace").decode()])


def column(text: str) -> pa.Table:
    return pa.table({"a": pa.chunked_array([cell(text)])})


def describe(table: pa.Table) -> None:
    apply_schema(table, infer_schema(table, customer_id=None))


def read_all_days(text: str) -> None:
    are_dates(cell(text))
    for order in ("yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy"):
        read_days(cell(text), order)


def read_style(text: str) -> None:
    found = detect_number_format(cell(text))
    if found:
        found.numerals.read(cell(text))


SHAPE = InputSchema(features=(("a", "numeric"), ("b", "categorical")), id_columns=("customer_id",))
PARSERS = {
    "csv": lambda text: read_patch(body(text), "text/csv"),
    "tsv": lambda text: read_patch(body(text), "text/tab-separated-values"),
    "json": lambda text: read_patch(body(text), "application/json"),
    "ndjson": lambda text: read_patch(body(text), "application/x-ndjson"),
    "parquet": lambda text: read_parquet(buffer(text), DEFAULT_LIMITS),
    "arrow": lambda text: read_arrow(buffer(text), DEFAULT_LIMITS),
    "assignments": lambda text: read_customers(body(text), DEFAULT_LIMITS, max_depth=32),
    "assignments at once": lambda text: decode(body(text).getvalue(), SHAPE, DEFAULT_LIMITS),
    "depth": lambda text: check_depth(body(text).getvalue(), 32),
    "number": cells.number,
    "category": cells.category,
    "identifier": cells.identifier,
    "markers": lambda text: MissingMarkers.of([text.encode(errors="replace").decode()]),
    "numerals": read_style,
    "dates": read_all_days,
    "order of dates": lambda text: find_order(cell(text)),
    "dates of transactions": lambda text: read_dates(column(text), "a", None),
    "amounts of transactions": lambda text: read_amounts(column(text), "a", None),
    "description": lambda text: describe(column(text)),
    "headers": lambda text: check_headers([text]),
    "header of ids": is_id_header,
    "wording": lambda text: column_words.numeric_words([text, "b"]),
    "name": TypeAdapter(Name).validate_python,
    "text": TypeAdapter(Text).validate_python,
    "Content-Type": lambda text: read_patch(io.BytesIO(b"a\n1\n"), text),
    "parameters of Content-Type": lambda text: read_patch(
        io.BytesIO(b"a\n1\n"), f"text/csv; {text}"
    ),
    "charset": known_charset,
    "Accept": negotiate,
    "Prefer": parse_prefer,
    "If-None-Match": lambda text: matches_etag("a", text),
    "page token": decode_cursor,
    "page token of a number": decode_offset,
    "page token of a row": decode_row_cursor,
}


@pytest.mark.parametrize("parser", PARSERS)
def test_every_parser_is_linear(parser):
    slow = [
        shape for shape in SHAPES if not is_linear(PARSERS[parser], shape, 10_000, negligible=0.05)
    ]
    assert slow == []


NAMES = {
    "the same": lambda n: ["a"] * n,
    "different": lambda n: [f"a{place}" for place in range(n)],
}
LISTS = {
    "headers": check_headers,
    "features": lambda names: require_usable(names, dict.fromkeys(range(len(names)), "numeric")),
}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("read", LISTS)
def test_long_lists_of_names_are_linear(read, names):
    assert is_linear(
        lambda text: LISTS[read](NAMES[names](len(text))), ("", "x", ""), 2_500, negligible=0.1
    )


@pytest.mark.parametrize("cell", ["1", "[]", "null", '"x"'])
def test_rows_of_ever_more_columns_are_linear(cell):
    def read(text: str) -> None:
        rows = (f'{{"c{row % (len(text) // 8)}":{cell}}}' for row in range(len(text)))
        read_patch(body("\n".join(rows)), "application/x-ndjson")

    assert is_linear(read, ("", "x", ""), 2_000, negligible=0.2)
