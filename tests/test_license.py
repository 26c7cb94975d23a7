"""The license of the project, and the notices of what it serves along with it."""

import tomllib
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from service.web.docs import ASSETS
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOTICES = (ROOT / "THIRD-PARTY-NOTICES.md").read_text()
FONTS = {
    "DejaVuSans.ttf": "3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22",
    "DejaVuSans-Bold.ttf": "b184b89e3c1075f22f6b71575b6fc20d4972b3cfd3b23322ca6fd596dcaef167",
}
SERVED = [
    Path(str(path)) for path in Path(str(files(ASSETS) / "static")).rglob("*") if path.is_file()
]


def test_the_project_metadata_and_the_license_file_name_one_license():
    text = (ROOT / "LICENSE").read_text()
    assert (
        PROJECT["license"],
        "Apache License\n                           Version 2.0" in text,
    ) == (
        "Apache-2.0",
        True,
    )
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_file_about_licenses_is_there():
    assert [name for name in PROJECT["license-files"] if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("name", PROJECT["license-files"])
def test_the_image_carries_it(name):
    assert name in (ROOT / "Dockerfile").read_text()
    assert f"!{name}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_every_file_of_others_in_the_repository_is_noticed():
    assert [name for name in FONTS if f"`{name}`" not in NOTICES] == []


def test_the_fonts_are_unmodified_and_lie_beside_their_license():
    folder = ROOT / "models" / "charts" / "fonts"
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ttf")}
    assert (found, (folder / "LICENSE").is_file()) == (FONTS, True)


def test_every_file_of_others_that_is_served_is_noticed():
    names = {path.name for path in SERVED} | {"plotly.min.js"}
    assert {name for name in names if f"`{name}`" not in NOTICES and "LICENSE" not in name} == set()


def test_licenses_of_served_libraries_are_served(sampled):
    licenses = [path for path in SERVED if "LICENSE" in path.name]
    addresses = [f"/docs/assets/{path.parent.name}/{path.name}" for path in licenses]
    assert [address for address in addresses if f"`{address}`" not in NOTICES] == []
    assert {sampled.get(address).status_code for address in addresses} == {200}
