"""What is measured is written where the words about it stand."""

import re

import pytest

from bench.__main__ import PARTS
from bench.document import DOCUMENT, replace_section

SECTIONS = re.compile(r"<!-- measured: (\w+) -->\n.*?<!-- end of (\w+) -->\n", re.DOTALL)


def test_every_part_has_its_section():
    found = SECTIONS.findall(DOCUMENT.read_text())
    assert sorted(found) == sorted((part, part) for part in PARTS)


def test_a_measurement_replaces_its_own_section_and_nothing_else(tmp_path):
    document = tmp_path / "benchmarks.md"
    document.write_text(
        "words\n<!-- measured: trees -->\nold\n<!-- end of trees -->\n\nmore words\n"
    )
    replace_section("trees", "\nnew\n", document)
    assert (
        document.read_text()
        == "words\n<!-- measured: trees -->\nnew\n<!-- end of trees -->\n\nmore words\n"
    )


def test_a_part_without_a_section_is_refused(tmp_path):
    document = tmp_path / "benchmarks.md"
    document.write_text("words\n")
    with pytest.raises(ValueError, match="has no section for trees"):
        replace_section("trees", "new", document)
