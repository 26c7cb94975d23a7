"""The naming rules of docs/contributing.md, as far as a program can check them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("models", "service")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text()) for path in FILES}

PARTICIPLE = re.compile(r"_?[A-Z][a-z]+(ed|ing)")
NOT_PARTICIPLES = {"Feed"}
KNOWN_PARTICIPLES = {"Finished", "Nested", "Rejected"}
FAST_PATHS = {"AssignmentFastPath", "UpsertFastPath"}  # ASGI middlewares of one route each
CACHE = re.compile(r"(An? )?([A-Z]+ )?cache\b", re.IGNORECASE)
OPENINGS = {
    *("Every", "Everything", "Gives", "Nobody", "Nothing", "Says", "Somebody", "Tells"),
    *("Whatever", "Who", "Whoever", "Whom", "Whose"),
}


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield path, node


def docstrings() -> Iterator[tuple[str, str]]:
    documented = (ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef, ast.Module)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, documented) and (text := ast.get_docstring(node)):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}", text


def is_asgi(node: ast.ClassDef) -> bool:
    return any(
        isinstance(each, ast.AsyncFunctionDef)
        and each.name == "__call__"
        and [argument.arg for argument in each.args.args] == ["self", "scope", "receive", "send"]
        for each in node.body
    )


def test_a_class_name_is_defined_once():
    # A schema may have the name of the object that it shows.
    names = Counter(node.name for path, node in classes() if path.name != "schemas.py")
    assert {name for name, n in names.items() if n > 1} == set()


def test_no_class_name_is_a_bare_participle():
    names = {node.name for _, node in classes() if PARTICIPLE.fullmatch(node.name)}
    assert names - NOT_PARTICIPLES <= KNOWN_PARTICIPLES


def test_an_asgi_middleware_is_named_middleware():
    names = {node.name for _, node in classes() if is_asgi(node)} - FAST_PATHS
    assert {name for name in names if not name.endswith("Middleware")} == set()


def test_a_cache_is_named_cache():
    names = {node.name for _, node in classes() if CACHE.match(ast.get_docstring(node) or "")}
    assert names
    assert {name for name in names if not name.endswith("Cache")} == set()


def test_no_docstring_begins_with_a_banned_word():
    assert [place for place, text in docstrings() if text.split()[0] in OPENINGS] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_tests_of_a_package_lie_in_a_directory_of_its_name(package):
    tests = ROOT / "tests"
    directories = {path.parent for path in (tests / package).rglob("test_*.py")}
    assert {path for path in directories if not (ROOT / path.relative_to(tests)).is_dir()} == set()
