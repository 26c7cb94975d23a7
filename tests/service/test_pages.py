"""The pages on which people explore the service."""

import re

import pytest

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
