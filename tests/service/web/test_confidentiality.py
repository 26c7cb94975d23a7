"""Values that give themselves away go through every error path, and are seen nowhere."""

import json
from dataclasses import replace

import pytest

from service.auth import operations as access
from service.auth.api_keys import generate_key
from tests.support.fakes import IdleEngine, InlineEngine, Interrupted
from tests.support.steps import running

pytestmark = pytest.mark.slow

VALUE, NUMBER, COLUMN, NAME = "Zanzibar-77", 7912.625, "Timbuktu", "samarkand"
HOOK = f"https://hooks.example/{VALUE}?token={NUMBER}"
KEY = generate_key()
# A refusal names what its client has named: columns, fields, datasets and models; never what is in
# them.
SAID_TO_CLIENTS = (COLUMN, NAME)
WAIT = {"Prefer": "wait=30"}
FAULTY = [
    ("text/csv", f"{COLUMN},b\n{VALUE},{NUMBER},{HOOK}\n{VALUE}\n"),
    ("text/csv", f"customer_id,{COLUMN}\n{VALUE},1\n{VALUE},{NUMBER}\n"),
    ("text/csv", f'{COLUMN}\n"{VALUE}\n'),
    ("text/csv; charset=" + VALUE, f"{COLUMN}\n{VALUE}\n"),
    ("application/json", f'{{"customers": [{{"{COLUMN}": "{VALUE}", '),
    ("application/json", f'{{"customers": [{{"{COLUMN}": {{"{VALUE}": {NUMBER}}}}}]}}'),
    ("application/json", f'{{"customers": "{VALUE}", "{COLUMN}": {NUMBER}}}'),
    (
        "application/json",
        f'{{"customers": [{{"{COLUMN}": "{VALUE}\\ud800"}}, {{"{COLUMN}": NaN}}]}}',
    ),
    ("application/x-ndjson", f'{{"{COLUMN}": "{VALUE}"}}\n{VALUE}\n'),
    ("application/vnd.apache.parquet", f"PAR1{VALUE}{NUMBER}PAR1"),
    ("application/vnd.apache.arrow.stream", VALUE * 20),
    (
        "multipart/form-data; boundary=x",
        f'--x\r\nContent-Disposition: form-data; name="{VALUE}"\r\n\r\n{HOOK}\r\n',
    ),
    (f"text/{VALUE}", VALUE),
]
TOWNS = f"customer_id,{COLUMN},age\n" + "".join(
    f"c-{VALUE}-{n},{(VALUE, HOOK)[n % 2]},{NUMBER + n % 5}\n" for n in range(30)
)
SCHEMA = json.dumps({"columns": {COLUMN: {"kind": "numeric"}}})


def put(client, table=TOWNS, **query):
    client.put(
        f"/v1/datasets/{NAME}", content=table, headers={"Content-Type": "text/csv"}, params=query
    )


def fit(client, **asked):
    body = {"name": NAME, "dataset": NAME, "k": 2, **asked}
    return client.post("/v1/models", json=body, headers=WAIT)


def quote():
    """Fail as nobody foresaw, and quote a customer."""
    raise ValueError(f"could not read {VALUE} of {COLUMN}: {NUMBER}, {HOOK}, {KEY}")


def faulty_bodies(client):
    put(client)
    fit(client)
    for media_type, body in FAULTY:
        headers = {"Content-Type": media_type}
        client.put(f"/v1/datasets/{NAME}", content=body.encode(), headers=headers)
        client.post(f"/v1/datasets/{NAME}/customers", content=body.encode(), headers=headers)
        client.post(f"/v1/models/{NAME}/assignments", content=body.encode(), headers=headers)
        client.post("/v1/models", content=body.encode(), headers=headers)


def cells_that_cannot_be_read(client):
    put(client, schema=SCHEMA)
    put(client)
    fit(client)
    rows = [
        {"customer_id": VALUE, COLUMN: VALUE, "age": VALUE},
        {"age": HOOK},
        {"customer_id": [VALUE]},
    ]
    for row in rows:
        client.post(
            f"/v1/models/{NAME}/assignments", json={"customers": [row]}, params={"atomic": True}
        )
        client.post(
            f"/v1/datasets/{NAME}/customers", json={"customers": [row]}, params={"atomic": True}
        )
    client.patch(f"/v1/datasets/{NAME}", json=json.loads(SCHEMA))


def values_that_are_not_asked_for(client):
    put(client)
    fit(client)
    for value in (VALUE, NUMBER, [HOOK], {COLUMN: VALUE}):
        fit(client, name="other", k=value)
        fit(client, name="other", seed=value, algorithm={"name": value})
        client.put(f"/v1/models/{NAME}/aliases/production", json={"version": value})
        client.post(
            f"/v1/models/{NAME}/versions", json={"k": value, "features": [value]}, headers=WAIT
        )
        client.post(f"/v1/datasets/{NAME}/recommendations", json={"k_max": value}, headers=WAIT)
        client.patch(f"/v1/models/{NAME}/segments/seg_0123456789abcdef", json={"name": value})


def addresses(client):
    put(client)
    for path in (f"customers/{VALUE}", f"customers/{NUMBER}", f"{VALUE}", f"figures/{VALUE}.svg"):
        for method in ("GET", "DELETE", "POST", "ZANZIBAR"):
            client.request(
                method, f"/v1/datasets/{NAME}/{path}", params={VALUE: HOOK, "page_token": VALUE}
            )
    client.get(f"/{VALUE}/{NUMBER}?who={VALUE}")
    client.get("/v1/jobs", params={"page_size": VALUE, "page_token": HOOK})
    client.get(f"/v1/jobs/{VALUE}")


def headers(client):
    put(client)
    for name in ("Accept", "Content-Type", "Idempotency-Key", "If-Match", "Prefer", "Referer",
                 "User-Agent", "Cookie", "traceparent", "tracestate", "baggage", "X-Request-ID",
                 "Content-Encoding", "Host"):  # fmt: skip
        client.get(f"/v1/datasets/{NAME}/customers", headers={name: f"{VALUE} {HOOK}"})
        client.post("/v1/models", headers={name: f"{VALUE} {HOOK}"}, json={"name": NAME})


def jobs_that_fail(client):
    put(client)
    fit(client, k=900)
    engine, stores = client.app.state.services.engine, client.app.state.services.stores
    for method in ("read", "batches"):
        engine._stores = replace(stores, tables=Interrupted(stores.tables, method, quote))
        fit(client)
        client.post(f"/v1/datasets/{NAME}/recommendations", json={}, headers=WAIT)


def stores_that_fail(client):
    put(client)
    fit(client)
    parts = client.app.state.services
    for method in ("stage", "write", "read", "modify", "find", "batches"):
        tables = Interrupted(parts.stores.tables, method, quote)
        client.app.state.services = replace(parts, stores=replace(parts.stores, tables=tables))
        put(client)
        client.get(f"/v1/datasets/{NAME}/customers")
        client.get(f"/v1/datasets/{NAME}/customers/{VALUE}")
        client.get(f"/v1/datasets/{NAME}/summary")
        client.post(
            f"/v1/datasets/{NAME}/customers",
            json={"customers": [{"customer_id": VALUE, COLUMN: HOOK}]},
        )
        client.get(f"/v1/models/{NAME}/versions/1/figures/profiles.svg")


def jobs_that_are_cancelled(client):
    put(client)
    body = {"name": NAME, "dataset": NAME, "k": 2}
    job = client.post("/v1/models", json=body, headers={"Prefer": "wait=0"}).json()["job"]
    for _ in range(2):
        client.post(f"/v1/jobs/{job}/cancel")


def keys_that_open_nothing(client):
    database = client.app.state.services.stores.database
    key, _ = access.create_key(database, tenant="shop", name="crm", scope="read")
    for given in (key, key[:-1], KEY, VALUE, HOOK):
        for header in (
            {"Authorization": f"Bearer {given}"},
            {"X-API-Key": given},
            {"Authorization": f"Basic {given}"},
        ):
            client.get(f"/v1/models?key={given}", headers=header)
            client.post("/v1/models", headers=header, json={"name": VALUE})
    client.canaries.append(key)


PATHS = [
    pytest.param(faulty_bodies, InlineEngine, id="faulty-bodies"),
    pytest.param(cells_that_cannot_be_read, InlineEngine, id="unreadable-cells"),
    pytest.param(values_that_are_not_asked_for, InlineEngine, id="values-not-asked-for"),
    pytest.param(addresses, InlineEngine, id="addresses"),
    pytest.param(headers, InlineEngine, id="headers"),
    pytest.param(jobs_that_fail, InlineEngine, id="failing-jobs"),
    pytest.param(stores_that_fail, InlineEngine, id="failing-stores"),
    pytest.param(jobs_that_are_cancelled, IdleEngine, id="cancelled-jobs"),
    pytest.param(keys_that_open_nothing, InlineEngine, id="keys"),
]


@pytest.fixture
def told(settings, tracer, spans, read_log, capfd):
    """Go down an error path; gives the canaries and whatever was told of it, by where."""

    def told(path, engine):
        problems = []
        with running(settings, engine=engine, tracer=tracer) as client:
            client.canaries = [VALUE, str(NUMBER), COLUMN, NAME, HOOK, KEY]
            client.event_hooks["response"].append(lambda answer: problems.append(refusal(answer)))
            path(client)
            canaries = client.canaries
            metrics, _ = client.app.state.services.metrics.render("")
        lines = read_log()
        out, err = capfd.readouterr()
        assert all([lines, spans.get_finished_spans(), any(problems)]), (
            "there is nothing to look through"
        )
        return canaries, {
            "log": json.dumps(lines, ensure_ascii=False),
            "metrics": metrics.decode(),
            "spans": "".join(span.to_json() for span in spans.get_finished_spans()),
            "streams": out + err,
            "problems": "".join(problems),
        }

    return told


def refusal(answer):
    answer.read()
    return f"{answer.headers} {answer.text}\n" if answer.is_error else ""


def around(text, canary):
    """Show where a canary sings."""
    at = text.lower().index(canary.lower())
    return text[max(0, at - 200) : at + 100]


@pytest.mark.parametrize(("path", "engine"), PATHS)
def test_no_response_and_no_log_line_repeats_a_value_or_a_key(told, path, engine):
    canaries, places = told(path, engine)
    seen = [
        (place, canary)
        for place, text in places.items()
        for canary in canaries
        if canary.lower() in text.lower()
        and not (place == "problems" and canary in SAID_TO_CLIENTS)
    ]
    assert [(place, canary, around(places[place], canary)) for place, canary in seen] == []
