"""Nobody gets in without a key, and nobody sees another tenant."""

import json
import re
import time
from datetime import timedelta

import pytest

from service.auth import operations
from service.auth.api_keys import generate_key, has_key_format, hash_key, key_id
from service.auth.key_cache import FRESH_SECONDS
from service.auth.rate_limit import RateLimiter
from service.auth.rows import KeyRow
from service.errors import InvalidRequest
from service.principals import required_scope
from service.stores.database import now
from tests.support.steps import INCOME, SCORE, fit, put_csv, recommend, run_of, running

OWN, FOREIGN = "own", "foreign"
CREATING = {
    ("PUT", "/v1/datasets/{dataset}"),
    ("POST", "/v1/models"),
}  # under a name of the caller's own
PARAMETER = re.compile(r"{(\w+)(?::path)?}")
FIGURES = {
    "comparison": "sankey",
    "recommendations": "inertia",
    "versions": "sizes",
    "": "missing-values",
}
MISSING = {
    "dataset": "missing",
    "model": "missing",
    "version": "99",
    "alias": "missing",
    "segment": "seg_0123456789abcdef",
    "recommendation": "rec_0123456789abcdef",
    "run": "00000000-0000-4000-8000-000000000000",
    "job": "00000000-0000-4000-8000-000000000000",
    "customer_id": "nobody",
}


@pytest.fixture(scope="module")
def service(at_home, tmp_path_factory, sample_csv):
    """A service with two tenants, one of which has one of everything."""
    with running(at_home(tmp_path_factory.mktemp("keyed"))) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "sample", algorithm={"name": "hierarchical"})
        recommend(client)
        run_of(client, "sample", "sample")
        yield client


@pytest.fixture(scope="module")
def database(service):
    return service.app.state.services.stores.database


@pytest.fixture(scope="module")
def existing(service):
    """What the tenant `default` has, by the names of the parameters that address it."""
    version = service.get("/v1/models/sample/versions/1").json()
    recommendation = service.get("/v1/datasets/sample/recommendations").json()["recommendations"][0]
    job = service.get("/v1/jobs").json()["jobs"]
    run = next(each["result"]["run"] for each in job if each["kind"] == "assign")
    return {
        "dataset": "sample",
        "model": "sample",
        "version": "1",
        "alias": "production",
        "segment": version["segments"][0]["segment"],
        "recommendation": recommendation["recommendation"],
        "run": run,
        "job": job[0]["job"],
        "customer_id": "1",
    }


@pytest.fixture(scope="module")
def key(database, existing):  # noqa: ARG001 - what exists was made while no key was needed
    """Make a key."""

    def make(tenant="default", scope="admin", **more) -> str:
        return operations.create_key(database, tenant=tenant, name="test", scope=scope, **more)[0]

    make()
    time.sleep(FRESH_SECONDS)  # until then, the service may still take itself for one without keys
    return make


@pytest.fixture(scope="module")
def keys(key, database):
    """One key of each kind that is refused."""
    expired, revoked = key(lifetime=timedelta(seconds=-1)), key()
    operations.revoke_key(database, key_id(hash_key(revoked)))
    whole = key()
    return {
        "none": "",
        "unknown": generate_key(),
        "expired": expired,
        "revoked": revoked,
        "cut short": whole[:-1],
        "mistyped": whole.replace(whole[9], "-", 1),
    }


@pytest.fixture(scope="module")
def beside(service, key, sample_csv):
    """The key of a tenant with things of its own under the same names."""
    own = key(tenant="beside")
    as_csv = {**bearing(own), "Content-Type": "text/csv"}
    put = service.put("/v1/datasets/sample", content=sample_csv.encode(), headers=as_csv)
    body = {"name": "sample", "dataset": "sample", "k": 2, "features": [INCOME, SCORE]}
    made = service.post("/v1/models", json=body, headers={**bearing(own), "Prefer": "wait=30"})
    assert (put.status_code, made.status_code) == (201, 201)
    return own


def bearing(key):
    return {"Authorization": f"Bearer {key}"} if key else {}


def routes(client):
    """Every method of every path, as OpenAPI knows them."""
    return [
        (method.upper(), path)
        for path, each in client.get("/openapi.json").json()["paths"].items()
        for method in each
    ]


def closed(client):
    return [(method, path) for method, path in routes(client) if required_scope(method, path)]


def filled(path, values):
    kind = next(kind for kind in FIGURES if kind in path)
    drawn = {"figure": FIGURES[kind], "extension": "json"}
    return PARAMETER.sub(lambda name: {**values, **drawn}[name[1]], path)


def asked(client, method, path, values, key):
    """Send what is right for an operation, by its own example."""
    sent = {"json": BODIES[path]} if (path in BODIES and method != "GET") else {}
    query = {"from": "1", "to": "1"} if "comparison" in path else {}
    return client.request(method, filled(path, values), headers=bearing(key), params=query, **sent)


BODIES = {
    "/v1/datasets/{dataset}": {"columns": {"Age": {"kind": "numeric"}}},
    "/v1/datasets/{dataset}/customers": {"customers": [{"CustomerID": "1"}]},
    "/v1/datasets/{dataset}/transactions": {"customers": [{"CustomerID": "1"}]},
    "/v1/datasets/{dataset}/recommendations": {"features": [INCOME, SCORE]},
    "/v1/models/{model}/versions": {"k": 3},
    "/v1/models/{model}/versions/{version}/cuts": {"k": 3},
    "/v1/models/{model}/versions/{version}/assignments": {"customers": [{INCOME: 1}]},
    "/v1/models/{model}/versions/{version}/assignment-runs": {"dataset": "sample"},
    "/v1/models/{model}/assignments": {"customers": [{INCOME: 1}]},
    "/v1/models/{model}/aliases/{alias}": {"version": 1},
    "/v1/models/{model}/segments/{segment}": {"name": "Taken over"},
}


@pytest.mark.parametrize("kind", ["none", "unknown", "expired", "revoked", "cut short", "mistyped"])
def test_without_a_valid_key_every_route_is_closed(service, existing, keys, kind):
    answers = {
        (method, path): asked(service, method, path, existing, keys[kind]).status_code
        for method, path in closed(service)
    }
    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_key_opens_no_route_beyond_its_scope(service, existing, key, scope):
    own = key(scope=scope)
    beyond = {
        (method, path): asked(service, method, path, existing, own).status_code
        for method, path in closed(service)
        if required_scope(method, path) not in {"read", scope}
    }
    assert set(beyond.values()) <= {403}, beyond


def test_public_routes_need_no_key(service, key):  # noqa: ARG001 - there are keys
    for path in (
        "/livez",
        "/readyz",
        "/version",
        "/openapi.json",
        "/docs",
        "/redoc",
        "/",
        "/problems",
    ):
        assert service.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path", ["/v1/nowhere", "/nowhere", "/v1", "/docs/../v1/models", "//v1/models", "/v1/models/"]
)
def test_routes_need_a_key_unless_listed_as_public(service, key, path):  # noqa: ARG001 - there are keys
    assert service.get(path).status_code == 401


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_closed_too(service, key, method):  # noqa: ARG001 - there are keys
    assert service.request(method, "/v1/models").status_code == 401


def test_a_resource_of_another_tenant_responds_like_an_absent_one(service, existing, key):
    foreign = key(tenant=FOREIGN)
    for method, path in closed(service):
        if PARAMETER.search(path) is None or (method, path) in CREATING:
            continue
        theirs, missing = (
            told(asked(service, method, path, values, foreign)) for values in (existing, MISSING)
        )
        assert theirs == missing, (method, path)


def test_resources_with_ids_are_separate_under_the_same_names(service, existing, beside):
    ids = {name: MISSING[name] for name in ("recommendation", "run", "job", "segment")}
    for method, path in closed(service):
        if ids.keys().isdisjoint(PARAMETER.findall(path)):
            continue
        theirs, missing = (
            told(asked(service, method, path, existing | own, beside)) for own in ({}, ids)
        )
        assert theirs == missing, (method, path)


def told(answer):
    """What a 404 says, but for the names that it was asked for and its own id."""
    assert answer.status_code == 404, answer.text
    said = {**answer.json(), "instance": None}
    return {
        **said,
        "detail": re.sub(
            r"\b(sample|missing|nobody|1|99|production|seg_[0-9a-f]{16})\b", "…", said["detail"]
        ),
    }


@pytest.mark.parametrize("path", ["/v1/datasets", "/v1/models", "/v1/jobs"])
def test_lists_contain_resources_of_the_tenant_only(service, key, path):
    listed = service.get(path, headers=bearing(key(tenant="newcomer"))).json()
    assert listed == {path.removeprefix("/v1/"): [], "next_page_token": None}


def test_tenants_use_the_same_names_side_by_side(service, key, beside):
    keys = beside, key()
    ks = [
        service.get("/v1/models/sample/versions/1", headers=bearing(each)).json()["k"]
        for each in keys
    ]
    assert ks == [2, 5]


def test_a_key_in_either_header_is_the_same(service, key):
    own = key(scope="read")
    ways = [bearing(own), {"X-API-Key": own}, {"Authorization": f"bearer  {own}"}]
    assert {service.get("/v1/key", headers=way).json()["key"] for way in ways} == {
        key_id(hash_key(own))
    }


def test_a_key_shows_its_scope(service, key):
    shown = service.get("/v1/key", headers=bearing(key(scope="write"))).json()
    assert (shown["tenant"], shown["scopes"], shown["expires_at"]) == (
        "default",
        ["read", "write"],
        None,
    )


def test_two_keys_are_live_while_one_replaces_the_other(service, key):
    old, fresh = key(), key()
    assert [
        service.get("/v1/models", headers=bearing(each)).status_code for each in (old, fresh)
    ] == [200, 200]


def test_a_used_key_is_refused_within_a_second_of_its_revocation(service, key, database):
    own = key()
    before = service.get("/v1/models", headers=bearing(own)).status_code
    operations.revoke_key(database, key_id(hash_key(own)))
    time.sleep(FRESH_SECONDS)
    assert (before, service.get("/v1/models", headers=bearing(own)).status_code) == (200, 401)


def test_a_refusal_explains_how_to_send_a_key(service, key):  # noqa: ARG001 - there are keys
    refused = service.get("/v1/models")
    assert (refused.headers["WWW-Authenticate"], refused.json()["type"]) == (
        "Bearer",
        "/problems/key-needed",
    )


def test_a_missing_scope_is_named(service, key):
    refused = service.delete("/v1/models/sample", headers=bearing(key(scope="read")))
    assert (refused.json()["type"], "scope write" in refused.json()["detail"]) == (
        "/problems/scope-missing",
        True,
    )


def test_a_line_break_after_a_path_opens_nothing_more(service, key):
    assert service.get("/metrics%0A", headers=bearing(key(scope="read"))).status_code == 403


def test_with_keys_any_host_and_any_proxy_may_pass_requests_on(service, key):
    headers = {**bearing(key()), "Host": "segments.shop.example", "X-Forwarded-For": "10.0.0.7"}
    assert service.get("/v1/models", headers=headers).status_code == 200


def test_a_move_of_an_alias_is_signed_with_the_keys_name(service, key):
    headers = bearing(key())
    service.put("/v1/models/sample/aliases/tried", json={"version": 1}, headers=headers)
    moves = service.get("/v1/models/sample/aliases/tried/log", headers=headers).json()["moves"]
    assert moves[0]["moved_by"] == "test"


def test_no_key_is_kept_or_logged(service, key, database, caplog):
    own = key()
    service.get("/v1/models", headers=bearing(own))
    service.get("/v1/models", headers=bearing(own[:-1]))
    with database.reading() as session:
        kept = [
            json.dumps({name: str(value) for name, value in vars(row).items()})
            for row in session.query(KeyRow)
        ]
    assert own[4:-6] not in " ".join([*kept, caplog.text])


def test_keys_are_random_and_long_and_checked():
    made = {generate_key() for _ in range(200)}
    assert (len(made), {len(each) for each in made}, all(map(has_key_format, made))) == (
        200,
        {53},
        True,
    )


def test_any_single_slip_in_a_key_is_noticed():
    key = generate_key()
    slips = [
        key[:at] + ("x" if key[at] != "x" else "y") + key[at + 1 :] for at in range(4, len(key))
    ]
    assert not any(map(has_key_format, slips))


@pytest.mark.parametrize(
    "key", ["", "secret", "x" * 42, "ä" * 50, "a b" * 20, "csk_" + "x" * 49, "x" * 300]
)
def test_a_malformed_bootstrap_key_is_refused(client, key):
    with pytest.raises(InvalidRequest, match="keys generate"):
        operations.create_bootstrap_key(client.app.state.services.stores.database, key)


def test_the_first_key_opens_the_service_and_only_the_first(client):
    database = client.app.state.services.stores.database
    first, second = generate_key(), "s" * 43
    adopted = [operations.create_bootstrap_key(database, each) for each in (first, second)]
    statuses = [
        client.get("/v1/models", headers=bearing(each)).status_code for each in (first, second)
    ]
    assert (adopted, statuses) == ([True, False], [200, 401])


def test_a_service_with_only_revoked_keys_still_requires_one(client):
    database = client.app.state.services.stores.database
    _, row = operations.create_key(database, tenant="default", name="only", scope="admin")
    operations.revoke_key(database, row.id)
    assert client.get("/v1/models").status_code == 401


def test_without_keys_local_requests_have_every_scope(client):
    assert client.get("/v1/key").json()["scopes"] == ["read", "write", "admin"]


def test_a_key_expires_after_its_lifetime(client):
    database = client.app.state.services.stores.database
    _, row = operations.create_key(
        database, tenant="shop", name="crm", scope="read", lifetime=timedelta(days=90)
    )
    assert abs((row.expires_at - now()) - timedelta(days=90)) < timedelta(minutes=1)


@pytest.mark.parametrize("label", ["", "Shop", "a/b", "..", "x" * 64])
def test_tenants_have_names_that_paths_can_hold(client, label):
    with pytest.raises(InvalidRequest):
        operations.create_key(
            client.app.state.services.stores.database, tenant=label, name="crm", scope="read"
        )


@pytest.fixture
def sparing(at_home, tmp_path):
    """A service that answers each key twice a minute, and a key."""
    with running(at_home(tmp_path, requests_per_minute=2)) as client:
        database = client.app.state.services.stores.database
        yield (
            client,
            [
                operations.create_key(database, tenant="default", name="x", scope="read")[0]
                for _ in range(2)
            ],
        )


def test_a_rate_limited_key_gets_retry_after(sparing):
    client, (key, other) = sparing
    answers = [client.get("/v1/models", headers=bearing(each)) for each in (key, key, key, other)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert (answers[2].json()["type"], 0 < int(answers[2].headers["Retry-After"]) <= 60) == (
        "/problems/too-many-requests",
        True,
    )


def test_every_response_shows_the_remaining_requests(sparing):
    client, (key, _) = sparing
    answers = [
        client.get(path, headers=bearing(key))
        for path in ("/v1/models", "/v1/models/missing", "/v1/models")
    ]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=2;w=60'}
    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers] == [
        '"key";r=1',
        *['"key";r=0'] * 2,
    ]


def test_a_rate_limit_is_lifted_after_a_minute():
    moments = iter([0.0, 30.0, 59.9, 60.0])
    quotas = RateLimiter(2, clock=lambda: next(moments))
    taken = [quotas.take("key") for _ in range(4)]
    assert ([quota.is_exceeded for quota in taken], taken[1].resets) == (
        [False, False, True, False],
        30,
    )


def test_with_keys_liveness_needs_no_database(client):
    database = client.app.state.services.stores.database
    key, _ = operations.create_key(database, tenant="default", name="x", scope="read")
    client.get("/v1/models", headers=bearing(key))
    database.reading = None  # whoever asks it now fails
    assert client.get("/livez").status_code == 200
