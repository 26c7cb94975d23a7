"""Without keys, only this machine itself is answered."""

import pytest


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8000"]
)
def test_loopback_hosts_are_accepted_without_keys(sampled, host):
    assert sampled.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "shop.example",
        "shop.example:8000",
        "localhost.shop.example",
        "127.0.0.1.shop.example",
        "10.0.0.1",
        "",
        "[",
    ],
)
def test_foreign_host_headers_are_refused_without_keys(sampled, host):
    assert sampled.get("/livez", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"]
)
def test_forwarded_requests_are_refused_without_keys(sampled, header):
    assert sampled.get("/livez", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize("path", ["/livez", "/docs", "/openapi.json", "/v1/models", "/nowhere"])
def test_nothing_is_left_out(sampled, path):
    assert sampled.get(path, headers={"Host": "shop.example"}).status_code == 403


def test_a_refusal_is_a_problem(sampled):
    answer = sampled.get("/livez", headers={"Host": "shop.example"})
    assert (answer.headers["Content-Type"], answer.json()["type"]) == (
        "application/problem+json",
        "/problems/forbidden",
    )
