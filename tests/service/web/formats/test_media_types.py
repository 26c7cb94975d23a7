"""Media types as headers carry them."""

import time
from contextlib import suppress

import pytest

from service.web.formats import is_json
from service.web.formats.media_types import parse_media_type
from service.web.formats.writers import NotAcceptable, negotiate


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", ("", {})),
        ("text/csv", ("text/csv", {})),
        (" Text/CSV ", ("text/csv", {})),
        ("text/csv; charset=UTF-8", ("text/csv", {"charset": "UTF-8"})),
        (
            'text/csv ;header=present; Charset="utf-8"',
            ("text/csv", {"header": "present", "charset": "utf-8"}),
        ),
        ("text/csv; charset=", ("text/csv", {"charset": ""})),
        ('text/csv; a=";charset=ascii"', ("text/csv", {"a": ";charset=ascii"})),
        ("*/*;q=0.5", ("*/*", {"q": "0.5"})),
    ],
)
def test_a_media_type_is_read_with_its_parameters(text, parsed):
    assert parse_media_type(text) == parsed


@pytest.mark.parametrize(
    "text", ["application/json", "Application/JSON; charset=utf-8", " application/json ;x"]
)
def test_json_is_json_however_it_is_written(text):
    assert is_json(text)


def seconds(parse, text):
    """Measure the least CPU time of a few calls."""

    def once():
        started = time.thread_time()
        parse(text)
        return time.thread_time() - started

    return min(once() for _ in range(3))


def negotiated(text):
    with suppress(NotAcceptable):
        negotiate(text)


@pytest.mark.slow
@pytest.mark.parametrize("parse", [parse_media_type, negotiated])
@pytest.mark.parametrize("shape", ['a;"{}', "a{}", "a;x={}"])
@pytest.mark.parametrize("part", [";", '"', '\\"', ',"', '=";'])
def test_media_types_are_read_in_linear_time(parse, shape, part):
    short, long = (shape.format(part * n) for n in (5_000, 40_000))
    assert seconds(parse, long) <= max(
        24 * seconds(parse, short), 0.01
    )  # 8 times as long: quadratic would be 64
