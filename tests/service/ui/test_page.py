"""The page and its files."""

import re
import tomllib

import pytest

import service.ui.routes as page
from models.charts.plotly_html import script_hashes
from models.charts.theme import LOOKS
from tests.support.paths import ROOT

FILES = sorted(page.FILES.iterdir())
FRAME_SCRIPT = (
    page.FILES / "frame.js"
)  # it becomes the page of a figure, where nothing of ours can be reached
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
ADDRESS = re.compile(r"https?://[^\s\"'`]+")
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
IMPORT = re.compile(r"""^import .*from "\./(.+)";$""", re.MULTILINE)
MODULE = re.compile(r"^(?:im|ex)port ", re.MULTILINE)
KNOWN_ADDRESSES = {"http://www.w3.org/2000/svg"}  # the name of a language, never asked for


@pytest.fixture(scope="module")
def index(sampled):
    return sampled.get("/")


def test_the_page_is_at_the_root(index):
    assert index.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_served_with_its_media_type(sampled, file):
    assert sampled.get(f"/page/{file.name}").headers["Content-Type"].startswith(TYPES[file.suffix])


@pytest.mark.parametrize("address", ["/", "/page/main.js", "/page/page.css", "/page/icon.svg"])
def test_the_page_policy_forbids_foreign_sources_and_eval(sampled, address):
    policy = sampled.get(address).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_frame_for_figures_runs_their_scripts_and_ours_in_a_world_of_its_own(sampled):
    policy = sampled.get("/page/frame.html").headers["Content-Security-Policy"]
    scripts = re.search(r"script-src ([^;]+)", policy)[1].split()
    assert policy.startswith("sandbox allow-scripts; ")
    assert "default-src 'none'" in policy
    assert policy.endswith("frame-ancestors 'self'")
    assert scripts == ["'self'", *(f"'{each}'" for each in script_hashes())]


@pytest.mark.parametrize("header", ["X-Content-Type-Options", "Referrer-Policy"])
def test_responses_forbid_content_sniffing_and_referrers(index, header):
    assert index.headers[header] in {"nosniff", "no-referrer"}


def test_a_file_that_has_not_changed_is_not_sent_again(sampled):
    first = sampled.get("/page/main.js")
    again = sampled.get("/page/main.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_file_beside_those_of_the_page_is_served(sampled):
    assert sampled.get("/page/../routes.py").status_code == 404
    assert sampled.get("/page/%2e%2e/routes.py").status_code == 404


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_names_no_other_host(file):
    assert set(ADDRESS.findall(file.read_text())) <= KNOWN_ADDRESSES


@pytest.mark.parametrize(
    "file", [file for file in FILES if file != FRAME_SCRIPT], ids=lambda file: file.name
)
def test_a_file_makes_no_markup_of_texts(file):
    assert not MARKUP.search(file.read_text())


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.suffix == ".js"], ids=lambda file: file.name
)
def test_a_module_imports_only_existing_files(file):
    assert set(IMPORT.findall(file.read_text())) <= {each.name for each in FILES}


def test_every_module_is_preloaded(index):
    asked = re.findall(r'(?:modulepreload" href|type="module" src)="/page/(.+?)"', index.text)
    modules = {
        file.name for file in FILES if file.suffix == ".js" and MODULE.search(file.read_text())
    }
    assert set(asked) == modules


def test_the_page_leads_to_the_reference(index):
    assert {"/docs", "/redoc"} <= set(re.findall(r'href="([^"]+)"', index.text))


def test_every_file_is_packaged():
    """The wheel takes whole packages but what git ignores."""
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert built == {"targets": {"wheel": {"packages": ["models", "service"]}}}
    needed = [*FILES, *(ROOT / "service" / "migrations").rglob("*.*")]
    kept = [file for file in needed if "__pycache__" not in file.parts]
    ignored = [line for line in (ROOT / ".gitignore").read_text().splitlines() if line]
    assert [
        file for file in kept if any(file.match(pattern.strip("/")) for pattern in ignored)
    ] == []


@pytest.mark.parametrize("index", range(28))
def test_a_segment_has_the_colour_that_it_has_in_figures(index):
    light, dark = (LOOKS[theme].color(index).lower() for theme in ("light", "dark"))
    assert (
        f".colour-{index} {{ background: light-dark({light}, {dark}); }}"
        in (page.FILES / "page.css").read_text()
    )
