"""The documents say what the code says."""

import re
from pathlib import Path

import pytest

import service.app  # noqa: F401 - defines every class of errors
from service import RELEASE
from service.config import PREFIX, Settings
from service.web.problems import known_problems
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
TEXTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted(DOCS.rglob("*.md")),
]
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))

INDENTED = re.compile(r"^( *)([a-z_]+(?:\.py|/)) +\S", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")
PATH = re.compile(r"`((?:models|service|tests|docs|bench)/[^`\s]*?)`")


def table(path: Path) -> list[list[str]]:
    lines = [line for line in path.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def house() -> dict[str, list[str]]:
    """The folders that the architecture draws, with what it draws in them."""
    drawn: dict[str, list[str]] = {}
    for indent, name in INDENTED.findall((DOCS / "architecture.md").read_text()):
        if len(indent) == len("    "):
            folder = drawn.setdefault(name, [])
        else:
            folder.append(name)
    return drawn


def entries(folder: Path) -> set[str]:
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    return packages | {path.name for path in folder.glob("*.py") if path.name != "__init__.py"}


def shown(default: object) -> str:
    return "none" if default is None else f"`{default}`"


def test_every_setting_is_documented_with_its_default_and_its_meaning():
    assert table(DOCS / "configuration.md") == [
        [f"`{PREFIX}{name.upper()}`", shown(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]


def test_every_setting_has_a_meaning():
    assert all(field.description for field in Settings.model_fields.values())


def test_every_problem_type_is_documented_with_its_title():
    assert sorted(row[:3] for row in table(DOCS / "problems.md")) == sorted(
        [f"`{problem.type}`", str(problem.status), problem.title] for problem in known_problems()
    )


def test_every_problem_type_is_documented_with_advice():
    assert all(advice for *_, advice in table(DOCS / "problems.md"))


@pytest.mark.parametrize("part", ["models", "service"])
def test_the_architecture_draws_every_module_and_room_once(part):
    drawn = house()[f"{part}/"]
    assert sorted(drawn) == sorted(entries(ROOT / part))


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(text):
    assert [
        link for link in LINK.findall(text.read_text()) if not (text.parent / link).exists()
    ] == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_is_named_is_there(text):
    assert [path for path in PATH.findall(text.read_text()) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_that_is_named_is_a_setting(text):
    named = re.findall(rf"\b{PREFIX}([A-Z_]+)", text.read_text())
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_every_decision_is_listed_under_its_title():
    listed = re.findall(r"\[(\d+) · (.+)\]\((.+)\)", (DOCS / "decisions" / "README.md").read_text())
    assert [(f"# {number}. {title}", name) for number, title, name in listed] == [
        (path.read_text().partition("\n")[0], path.name) for path in DECISIONS
    ]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_bears_the_number_of_its_file(decision):
    assert decision.read_text().startswith(f"# {int(decision.name[:4])}. ")


def test_the_changelog_has_a_section_for_this_release():
    assert f"\n## {RELEASE}" in (ROOT / "CHANGELOG.md").read_text()
