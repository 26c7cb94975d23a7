"""The pages on which people explore the service, and the headers of every page."""

import re

import pytest
from fastapi.routing import APIRoute

from service.ui.routes import FILES
from service.ui.routes import router as page
from service.web.docs import router as docs
from tests.support.steps import fit, recommend

PAGES = ["/docs", "/redoc"]
LINK = re.compile(r"""(?:src|href|spec-url|url)\s*[=:]\s*['"]([^'"]+)['"]""")


def links(client, page):
    return LINK.findall(client.get(page).text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_refers_to_no_other_host(sampled, page):
    assert "//" not in re.sub(r"^\s*//.*|<!--.*?-->", "", "".join(links(sampled, page)))


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_refers_to_is_served(sampled, page):
    assert {sampled.get(link).status_code for link in links(sampled, page)} == {200}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_this_service(sampled, page):
    assert "/openapi.json" in links(sampled, page)


def test_the_logo_of_redoc_is_served(sampled):
    assert sampled.get("/redoc/logo-mini.svg").status_code == 200


def test_a_file_that_is_not_there_is_a_problem(sampled):
    answer = sampled.get("/docs/assets/nowhere.js")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def described_pages(openapi) -> list[str]:
    """The paths under which the reference promises a page."""
    answers = {
        path: operations["get"]["responses"]
        for path, operations in openapi["paths"].items()
        if "get" in operations
    }
    return [
        path for path, answer in answers.items() if "text/html" in answer["200"].get("content", {})
    ]


def undescribed_pages() -> list[str]:
    """The paths of the pages that the reference leaves out."""
    routes = [
        route.path
        for router in (docs, page)
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
    return routes + [f"/page/{file.name}" for file in FILES.glob("*.html")]


@pytest.fixture(scope="module")
def every_page(sampled):
    """Every page of the service, in the place of a path's names those of the sample."""
    fit(sampled, "documented", algorithm={"name": "hierarchical"}, k=4)
    names = {"dataset": "sample", "model": "documented", "version": "1", "extension": "html"}
    names["recommendation"] = recommend(sampled, k_max=3)["recommendation"]

    def address(path: str) -> str:
        named = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], found[0]), path)
        if "{figure}" not in named:
            return named
        figures = sampled.get(named.partition("/{figure}")[0]).json()["figures"]
        return named.replace("{figure}", next(each["figure"] for each in figures if each["exists"]))

    return [
        sampled.get(address(path))
        for path in described_pages(sampled.app.openapi()) + undescribed_pages()
    ]


def test_every_page_that_is_promised_is_there(every_page):
    shown = [(page.status_code, page.headers["Content-Type"]) for page in every_page]
    assert (set(shown), len(shown) > len(PAGES)) == ({(200, "text/html; charset=utf-8")}, True)


def test_no_page_brings_anything_from_elsewhere(every_page):
    policies = [page.headers["Content-Security-Policy"] for page in every_page]
    assert [
        policy for policy in policies if "default-src 'none'" not in policy or "//" in policy
    ] == []


def test_no_page_runs_a_script_that_is_not_known_beforehand(every_page):
    scripts = [
        re.search(r"script-src ([^;]*)", page.headers["Content-Security-Policy"])
        for page in every_page
    ]
    assert [found[1] for found in scripts if found and "unsafe" in found[1]] == []


def test_pages_forbid_framing_and_content_sniffing(every_page):
    framed = {
        re.search(r"frame-ancestors ([^;]*)", page.headers["Content-Security-Policy"])[1]
        for page in every_page
    }
    assert framed <= {"'none'", "'self'"}
    assert {page.headers["X-Content-Type-Options"] for page in every_page} == {"nosniff"}


@pytest.mark.parametrize(
    "asset", ["/docs/assets/swagger/swagger-ui-bundle.js", "/redoc/logo-mini.svg"]
)
def test_files_of_these_pages_forbid_content_sniffing(sampled, asset):
    assert sampled.get(asset).headers["X-Content-Type-Options"] == "nosniff"
