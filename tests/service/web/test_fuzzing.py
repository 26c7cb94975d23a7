"""Whatever bytes are sent, they succeed or get a small problem that gives nothing away.

Never is it a fault of ours.
"""

import json
import random

import pytest

from tests.support.malformed_bodies import BODIES, CANARY, NAMES

pytestmark = pytest.mark.bytes

WRITING = ("post", "put", "patch")
LARGEST = 16_384
# What a path must name so that a body is looked at; whatever else it needs is looked up first.
KNOWN = {
    "alias": "production",
    "customer_id": "1",
    "dataset": "sample",
    "extension": "svg",
    "figure": "sizes",
    "model": "sample",
    "recommendation": "rec_0123456789abcdef",
    "run": "0" * 36,
    "slug": "not-found",
    "version": "1",
}


@pytest.fixture(scope="module")
def operations(sampled):
    """Every operation as a method and a path, and its description."""
    paths = sampled.get("/openapi.json").json()["paths"]
    return [
        (method, path, described)
        for path, methods in paths.items()
        for method, described in methods.items()
    ]


@pytest.fixture(scope="module")
def known(sampled):
    """What each part of a path may name."""
    version = sampled.get("/v1/models/sample/versions/1").json()
    job = sampled.get("/v1/jobs").json()["jobs"][0]["job"]
    return {**KNOWN, "segment": version["segments"][0]["segment"], "job": job}


@pytest.fixture(scope="module")
def addresses(operations, known):
    """Where bodies can be sent, none of which replaces the sample."""
    filled = [
        (method, path.format_map(known)) for method, path, _ in operations if method in WRITING
    ]
    return [
        (
            method,
            path.removesuffix("/sample") + "/own"
            if method == "put" and path.count("/") == 3
            else path,
        )
        for method, path in filled
    ]


@pytest.fixture(scope="module")
def thinned(pytestconfig):
    """Take every n-th of some things, each in its turn; with --soak all of them."""
    everything = pytestconfig.getoption("--soak")
    return lambda things, turn, step: things if everything else things[turn % step :: step]


@pytest.fixture
def asked(sampled, read_log):
    """Send a request, and see that its refusal is as it must be."""

    def asked(method, path, **sent):
        read_log()
        answer = sampled.request(method, path, **sent)
        lines = json.dumps(read_log())
        what = f"{method} {path[:80]} {sent.get('headers')}"
        assert answer.status_code < 500, f"{what}: {answer.text}"
        assert CANARY not in lines, what
        if not answer.is_success and not answer.is_redirect:
            assert answer.headers["Content-Type"] == "application/problem+json", what
            assert len(answer.content) <= LARGEST, what
            assert CANARY not in answer.text or CANARY in path, what

    return asked


def send(asked, addresses, media_type, body, **headers):
    for method, path in addresses:
        asked(
            method,
            path,
            content=body,
            headers={"Content-Type": media_type.encode("latin-1"), "Prefer": "wait=0", **headers},
        )


def test_there_are_bodies_enough():
    assert len(BODIES) >= 60


@pytest.mark.parametrize("name", BODIES)
def test_any_body_gets_a_documented_response(asked, addresses, name, thinned):
    send(asked, thinned(addresses, list(BODIES).index(name), 4), *BODIES[name])


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity", "no-such"])
def test_any_encoding_gets_a_documented_response(asked, addresses, encoding):
    media_type, body = BODIES["gzip"]
    send(asked, addresses, media_type, body, **{"Content-Encoding": encoding})


def test_randomly_changed_bodies_get_a_documented_response(asked, addresses, n_mutations, reached):
    chance = random.Random(0)  # noqa: S311 - mutations need no secrecy
    for _ in range(n_mutations):
        media_type, body = chance.choice(list(BODIES.values()))
        send(asked, [chance.choice(addresses)], media_type, changed(chance, body))
    reached("bodies changed at random: answered 500, or with a value", 0, times=n_mutations)


def changed(chance, body):
    """Flip, cut, double or mix in some bytes."""
    data = bytearray(body[:200_000])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + chance.randint(1, 50)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 50)]
            case _:
                data[at:at] = chance.choice(
                    [b"\x00", b"\xff", b'"', b"{", b"[", b",", b"\n", b"1e999", b"\\ud800", b"NaN"]
                )
    return bytes(data)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_in_a_path_gets_a_documented_response(asked, operations, known, name, thinned):
    for method, path, described in thinned(operations, NAMES.index(name), 10):
        for each in parameters(described, "path") if method != "delete" else ():
            asked(method, path.format_map({**known, each: name}))


@pytest.mark.parametrize("value", NAMES)
def test_any_value_in_a_query_gets_a_documented_response(asked, operations, known, value, thinned):
    for method, path, described in thinned(operations, NAMES.index(value), 10):
        for each in parameters(described, "query") if method != "delete" else ():
            asked(method, path.format_map(known) + f"?{each}={value}")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_in_a_delete_gets_a_documented_response(asked, operations, known, name, thinned):
    for method, path, described in thinned(operations, NAMES.index(name), 10):
        if method == "delete":
            own = dict.fromkeys(known, "own")
            for each in parameters(described, "path"):
                asked(method, path.format_map({**own, each: name}))


def parameters(described, place):
    return [each["name"] for each in described.get("parameters", ()) if each["in"] == place]
