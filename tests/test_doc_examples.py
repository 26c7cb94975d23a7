"""What the pages show is what happens: their commands are run, and their output is compared."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.server import Server, wait_for
from tests.support.paths import ROOT

ADDRESS = "http://127.0.0.1:8000"
PATIENCE_SECONDS = 120
SEPARATOR = "--- the next example ---"

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """Commands of a page, and what it shows of their output."""

    command: str
    shown: str


class Printed(NamedTuple):
    """The output of the service and of each example of a page, with README's address."""

    greeting: str
    outputs: list[str]


def blocks_of(page: Path) -> list[tuple[str, str]]:
    return FENCED.findall(page.read_text())


def examples_of(page: Path) -> list[Example]:
    return [
        Example(command, shown if kind in {"json", "text"} else "")
        for (language, command), (kind, shown) in pairwise([*blocks_of(page), ("", "")])
        if language == "sh"
    ]


README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = {page: examples for page in PAGES if (examples := examples_of(page))}

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Callable[[Path], Printed]:
    """Follow a page from its first line to its last, on a service of its own; once."""
    return cache(lambda page: follow(page, tmp_path_factory.mktemp(page.stem)))


def follow(page: Path, directory: Path) -> Printed:
    (directory / ".venv").symlink_to(sys.prefix)
    # As `make run` does on its first start; a second worker would have nothing to do.
    with Server(directory / "var", "--sample", workers="1") as server:
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample model",
        )
        address = str(server.http.base_url).rstrip("/")
        script = f"\necho '{SEPARATOR}'\n".join(example.command for example in EXAMPLES[page])
        outputs = run(script.replace(ADDRESS, address), directory).split(f"{SEPARATOR}\n")
        return Printed(server.said.read_text().replace(address, ADDRESS), outputs)


def run(script: str, directory: Path) -> str:
    command = ["/bin/bash", "-eu", "-c", script]
    ran = subprocess.run(  # noqa: S603 - the pages are our own
        command,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def pattern_of(shown: str) -> str:
    """A … on a line of its own stands for any lines, another one for any part of its line."""
    return "".join(
        r"(?:.*\n)*?" if line == "…\n" else ".*?".join(map(re.escape, line.split("…")))
        for line in shown.splitlines(keepends=True)
    )


def test_the_service_prints_the_documented_banner(printed):
    greeting = next(
        text.partition("\n")[2] for language, text in blocks_of(README) if language == "console"
    )
    assert printed(README).greeting == greeting


@pytest.mark.parametrize(
    ("page", "position"),
    [
        pytest.param(page, position, id=f"{page.name}-{position}")
        for page, examples in EXAMPLES.items()
        for position in range(len(examples))
    ],
)
def test_an_example_prints_what_is_shown(printed, page, position):
    command, shown = EXAMPLES[page][position]
    output = printed(page).outputs[position]
    assert re.fullmatch(pattern_of(shown), output), f"{command}\n{output}"


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nz\n", True),
        ("a\n…\nz\n", "a\nb\n", False),
        ("a: 1.2…,\n", "a: 1.2345,\n", True),
        ("a: 1.2…\n", "a: 1.2\nb\n", False),
        ("share (k$): 0.5\n", "share (k$): 0.5\n", True),
        ("share: 0.5\n", "share: 0.51\n", False),
    ],
)
def test_only_an_ellipsis_stands_for_omitted_text(shown, real, same):
    assert bool(re.fullmatch(pattern_of(shown), real)) is same
