"""Lists in pages."""

from base64 import urlsafe_b64encode

import pytest

from tests.support.steps import fit, put_csv, refit

LISTS = {
    "/v1/datasets": ("datasets", "dataset"),
    "/v1/models": ("models", "model"),
    "/v1/models/paged/versions": ("versions", "version"),
    "/v1/jobs": ("jobs", "job"),
}


@pytest.fixture(scope="module", autouse=True)
def _several(sampled):
    """Something to page through."""
    put_csv(sampled, "paged", "id,age\n1,30\n2,41\n")
    fit(sampled, "paged", dataset="paged", features=["age"], k=1)
    for _ in range(2):
        refit(sampled, "paged")


def page(client, path, **query):
    entries, key = LISTS[path]
    answer = client.get(path, params=query).json()
    return [entry[key] for entry in answer[entries]], answer["next_page_token"]


def walk(client, path, page_size):
    found, token = page(client, path, page_size=page_size)
    while token:
        more, token = page(client, path, page_size=page_size, page_token=token)
        found += more
    return found


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page_size", [1, 2, 7])
def test_pages_contain_the_whole_list(sampled, path, page_size):
    assert walk(sampled, path, page_size) == page(sampled, path, page_size=1000)[0]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_has_at_most_the_requested_size(sampled, path):
    assert len(page(sampled, path, page_size=2)[0]) == 2


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_is_at_its_end_has_no_further_page(sampled, path):
    assert page(sampled, path, page_size=1000)[1] is None


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page_size", [0, -1, 1001, "all"])
def test_a_page_of_no_or_of_too_many_entries_is_refused(sampled, path, page_size):
    assert sampled.get(path, params={"page_size": page_size}).status_code == 422


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "token", ["a", "_", "%%%", "é", urlsafe_b64encode(b"\xff").decode(), "AA==", "a" * 501]
)
def test_invalid_tokens_are_refused(sampled, path, token):
    assert sampled.get(path, params={"page_token": token}).status_code == 422


@pytest.mark.parametrize("key", [b"abc", b"9" * 30, b"-1", b"1.5"])
def test_the_token_of_another_list_is_refused(sampled, key):
    token = urlsafe_b64encode(key).decode()
    assert sampled.get("/v1/models/paged/versions", params={"page_token": token}).status_code == 422
