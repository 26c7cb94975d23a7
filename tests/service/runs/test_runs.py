"""Whole datasets placed, and the members of segments, over HTTP."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.config import Settings
from service.jobs.rows import JobRow
from service.runs import operations
from service.runs.batch import ASSIGNMENT_SCHEMA, NAMED_ASSIGNMENT_SCHEMA, with_segment_names
from service.stores import open_stores
from service.tasks import run_attempt
from tests.support.erasures import erase_now
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import (
    INCOME,
    SCORE,
    customers_of,
    erase,
    finished,
    fit,
    place,
    put_csv,
    refit,
    run_of,
    running,
    upsert,
)

pytestmark = pytest.mark.slow

ASSIGNED = ("customer_id", "segment", "segment_name", "distance", "runner_up", "margin", "outlier")
NDJSON, PARQUET, ARROW = (
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.stream",
)
READERS = {
    "ndjson": lambda body: [json.loads(line) for line in body.decode().splitlines()],
    "parquet": lambda body: pq.read_table(io.BytesIO(body)).to_pylist(),
    "arrow": lambda body: pa.ipc.open_stream(body).read_all().to_pylist(),
}
STRANGERS = f"customer_id,{INCOME},{SCORE}\nz1,60,50\nz2,,\nz3,20,\nz4,1e6,50\n"


def address(model, rest=""):
    return f"/v1/models/{model}/versions/production/assignment-runs{rest}"


def assignments(client, run, model="sample", **query):
    answer = client.get(
        address(model, f"/{run['run']}/assignments"), params={"page_size": 1000, **query}
    )
    assert answer.status_code == 200, answer.text
    return answer


def placed_by(client, run, model="sample"):
    return assignments(client, run, model).json()["assignments"]


def members(client, segment, model="sample", **query):
    path = f"/v1/models/{model}/versions/production/segments/{segment}/customers"
    return client.get(path, params={"page_size": 1000, **query})


def members_of(client, segment, model="sample", **query):
    answer = members(client, segment, model, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["customers"]


def segments_of(client, model="sample"):
    return client.get(f"/v1/models/{model}/versions/production/segments").json()["segments"]


def place_all(client, rows, model="sample"):
    known = [{name: cell for name, cell in row.items() if cell is not None} for row in rows]
    return place(client, model, *known)


def followed(first, get):
    """Follow pages to the end."""
    found, answer = [first], first
    while token := answer.get("next_page_token"):
        answer = get(token).json()
        found.append(answer)
    return found


@pytest.fixture(scope="module")
def run(sampled):
    """A run of the sample, by the model that learned from it."""
    return run_of(sampled, "sample", "sample")


@pytest.fixture(scope="module")
def strangers(sampled):
    """A run of a dataset that the model did not learn from."""
    put_csv(sampled, "strangers", STRANGERS)
    return run_of(sampled, "sample", "strangers")


@pytest.fixture
def stores(settings):
    stores = open_stores(settings)
    stores.database.migrate()
    yield stores
    stores.database.close()


@pytest.fixture
def waiting(settings, sample_csv, stores):
    """A service whose runs wait for somebody to carry them out, and a model in it."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        asked = {"name": "sample", "dataset": "sample", "k": 3, "features": [INCOME, SCORE]}
        fitting = client.post("/v1/models", json=asked, headers={"Prefer": "wait=0"}).json()
        run_attempt(stores, fitting["job"], max_attempts=3)
        yield client


def begin(client, dataset="sample", **asked):
    return client.post(
        address("sample"), json={"dataset": dataset, **asked}, headers={"Prefer": "wait=0"}
    ).json()


def files(settings: Settings) -> list[str]:
    """List the files of runs."""
    return [
        path.name for path in (settings.tables_directory() / "default" / "runs").rglob("*.parquet")
    ]


def test_a_run_assigns_each_customer_as_assign_does(sampled, run):
    asked = place_all(sampled, customers_of(sampled, "sample"))["assignments"]
    assert [[row[name] for name in ASSIGNED] for row in placed_by(sampled, run)] == [
        [
            pytest.approx(row[name]) if isinstance(row[name], float) else row[name]
            for name in ASSIGNED
        ]
        for row in asked
    ]


def test_a_run_shows_its_dataset_and_its_version(sampled, run):
    fields = ("model", "version", "dataset", "dataset_version", "state", "progress")
    assert [run[name] for name in fields] == ["sample", 1, "sample", 1, "succeeded", 1]
    assert sampled.get(address("sample", f"/{run['run']}")).json() == run


def test_a_run_counts_customers_by_segment(sampled, run):
    assert run["counts"] == dict(Counter(row["segment"] for row in placed_by(sampled, run)))
    assert run["counts"] == {each["segment"]: each["n_customers"] for each in segments_of(sampled)}


def test_a_customer_without_known_features_is_rejected(sampled, strangers):
    nobody = placed_by(sampled, strangers)[1]
    assert {name: nobody.pop(name) for name in ("customer_id", "outlier")} == {
        "customer_id": "z2",
        "outlier": False,
    }
    assert nobody.pop("rejected")
    assert set(nobody.values()) == {None}
    assert (strangers["counts"]["rejected"], sum(strangers["counts"].values())) == (1, 4)


def test_customers_of_another_dataset_are_assigned_as_assign_does(sampled, strangers):
    asked = place_all(sampled, customers_of(sampled, "strangers"))
    found = placed_by(sampled, strangers)
    assert [row["segment"] for row in found if row["segment"]] == [
        row["segment"] for row in asked["assignments"]
    ]
    assert [row["outlier"] for row in found] == [False, False, False, True]
    assert [row["row"] for row in asked["rejected"]] == [2]


def test_features_that_a_dataset_lacks_are_imputed(sampled, name):
    put_csv(sampled, name, f"Kunde,{INCOME},other\na,20,x\nb,120,y\n")
    found = placed_by(sampled, run_of(sampled, "sample", name))
    assert [row["segment"] for row in found] == [
        row["segment"]
        for row in place(sampled, "sample", {INCOME: 20}, {INCOME: 120})["assignments"]
    ]


def many(column, n=50):
    return "id," + column + "\n" + "".join(f"{row},{20 + 2 * row}\n" for row in range(n))


def test_a_run_reports_features_that_the_dataset_lacks(sampled, name):
    put_csv(sampled, name, many(INCOME))
    found = run_of(sampled, "sample", name)
    assert found["features"][SCORE] == {"imputed": 50, "unknown": 0, "outliers": 0}
    assert (
        f"50 of 50 customers: {SCORE} imputed, since the dataset has no such column"
        in found["warnings"]
    )
    assert {row["imputed"] for row in placed_by(sampled, found)} == {SCORE}


def test_a_run_reports_much_smaller_numbers(sampled, name):
    put_csv(
        sampled,
        name,
        f"id,{INCOME},{SCORE}\n" + "".join(f"{row},0.0{row},{row}\n" for row in range(10, 60)),
    )
    found = run_of(sampled, "sample", name)
    assert (
        f"{INCOME} is much smaller than what the model has learned; compare the units"
        in found["warnings"]
    )


def test_a_run_reports_numbers_of_another_magnitude(sampled, name):
    put_csv(
        sampled,
        name,
        f"id,{INCOME},{SCORE}\n" + "".join(f"{row},{20_000 + row},{row}\n" for row in range(50)),
    )
    found = run_of(sampled, "sample", name)
    assert (found["outliers"], found["features"][INCOME]["outliers"]) == (50, 50)
    assert any(
        warning.startswith(f"50 of 50 are outliers ({INCOME})") for warning in found["warnings"]
    )


def test_a_run_reports_unknown_categories(sampled, name):
    rows = "".join(f"{row},{20 + row % 30},{'gold' if row % 2 else 'basic'}\n" for row in range(60))
    put_csv(sampled, name, f"id,age,plan\n{rows}")
    fit(sampled, name, dataset=name, k=2, features=["age", "plan"])
    put_csv(sampled, name, f"id,age,plan\n{rows}".replace("gold", "GOLD"))
    found = run_of(sampled, name, name)
    assert (found["features"]["plan"]["unknown"], len(found["warnings"])) == (30, 1)
    assert [row["unknown"] for row in placed_by(sampled, found, name)] == [None, "plan"] * 30


def test_a_run_on_the_customers_of_the_fit_has_no_warning(run):
    assert run["warnings"] == []


def test_imputed_and_unknown_are_as_direct_assignments_have_them(sampled, strangers):
    asked = place_all(sampled, customers_of(sampled, "strangers"))
    imputed = [
        ", ".join(row["imputed"]) if row.get("imputed") else None for row in asked["assignments"]
    ]
    assert [
        row["imputed"] for row in placed_by(sampled, strangers) if not row["rejected"]
    ] == imputed


def test_a_run_that_an_earlier_release_stored_is_still_read():
    earlier = pa.schema(
        [field for field in ASSIGNMENT_SCHEMA if field.name not in {"imputed", "unknown"}]
    )
    row = dict.fromkeys(earlier.names) | {"customer_id": "1", "segment": "seg_1", "outlier": False}
    [batch] = with_segment_names(
        [pa.RecordBatch.from_pylist([row], schema=earlier)], {"seg_1": "older"}
    )
    assert batch.schema == NAMED_ASSIGNMENT_SCHEMA
    assert batch.to_pylist()[0] == dict.fromkeys(NAMED_ASSIGNMENT_SCHEMA.names) | row | {
        "segment_name": "older"
    }


def test_a_run_that_is_not_finished_has_found_nothing_yet(waiting):
    begin(waiting)
    found = waiting.get(address("sample", "/newest")).json()
    assert (found["outliers"], found["features"], found["warnings"]) == (None, None, [])


def test_a_dataset_without_any_of_the_features_is_rejected_row_by_row(sampled, name):
    put_csv(sampled, name, "id,other\n1,5\n2,6\n3,8\n")
    assert run_of(sampled, "sample", name)["counts"] == {"rejected": 3}


def test_a_dataset_without_remaining_customers_is_assigned_too(sampled, name):
    put_csv(sampled, name, f"id,{INCOME}\n1,5\n")
    erase(sampled, name, "1")
    empty = run_of(sampled, "sample", name)
    assert (empty["counts"], placed_by(sampled, empty)) == ({}, [])


def test_a_run_may_name_an_older_version(sampled, name):
    put_csv(sampled, name, f"id,{INCOME}\n1,20\n2,30\n")
    upsert(sampled, name, {"id": 3, INCOME: 40})
    found = [run_of(sampled, "sample", name, **asked) for asked in ({}, {"dataset_version": 1})]
    assert [(run["dataset_version"], sum(run["counts"].values())) for run in found] == [
        (2, 3),
        (1, 2),
    ]


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_pages_of_a_run_list_each_customer_once_in_order(sampled, strangers, size):
    def get(token):
        return assignments(
            sampled, strangers, page_size=size, **({"page_token": token} if token else {})
        )

    found = followed(get(None).json(), get)
    assert [row for page in found for row in page["assignments"]] == placed_by(sampled, strangers)
    assert {len(page["assignments"]) for page in found[:-1]} <= {size}


@pytest.mark.parametrize("fmt", READERS)
def test_a_run_is_returned_in_any_format(sampled, run, fmt):
    assert READERS[fmt](assignments(sampled, run, format=fmt).content) == placed_by(sampled, run)


def test_a_run_is_returned_as_csv(sampled, strangers):
    rows = list(csv.DictReader(io.StringIO(assignments(sampled, strangers, format="csv").text)))
    assert [row["customer_id"] for row in rows] == ["z1", "z2", "z3", "z4"]
    assert [row["segment"] or None for row in rows] == [
        row["segment"] for row in placed_by(sampled, strangers)
    ]


def test_a_run_shows_the_names_that_segments_have_now(sampled, name):
    fit(sampled, name, k=2)
    found = run_of(sampled, name, "sample")
    first = placed_by(sampled, found, name)[0]["segment"]
    sampled.patch(f"/v1/models/{name}/segments/{first}", json={"name": "Regulars"})
    assert placed_by(sampled, found, name)[0]["segment_name"] == "Regulars"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"dataset": "nowhere"}, 404),
        ({"dataset": "sample", "dataset_version": 99}, 404),
        ({"dataset": "sample", "dataset_version": 0}, 422),
        ({"dataset": "Sample"}, 422),
        ({}, 422),
        ({"dataset": "sample", "more": 1}, 422),
    ],
)
def test_absent_datasets_cannot_be_assigned(sampled, body, status):
    assert sampled.post(address("sample"), json=body).status_code == status


def test_a_run_belongs_to_its_version(sampled, run, name):
    fit(sampled, name, k=1)
    assert sampled.get(address(name, f"/{run['run']}")).status_code == 404


def test_an_unfinished_run_has_no_assignments_yet(waiting):
    job = begin(waiting)
    with waiting.app.state.services.stores.database.reading() as session:
        run = session.get_one(JobRow, job["job"]).payload["run"]
    assert waiting.get(address("sample", f"/{run}")).json()["state"] == "queued"
    assert waiting.get(address("sample", f"/{run}/assignments")).status_code == 409


def attempts(settings: Settings) -> list[str]:
    """List the attempts at runs that have left a table."""
    return [
        path.parent.name
        for path in (settings.tables_directory() / "default" / "runs").rglob("_delta_log")
    ]


# What happens meanwhile


@pytest.fixture(params=["before", "write", "batches", "after"])
def erased_meanwhile(request, waiting, stores):
    """Run a job whose dataset loses a customer at one moment of it."""

    def run(job):
        left = ["7", "9"] if request.param == "batches" else ["7"]

        def erase_next():
            if left:
                erase_now(waiting, stores, "sample", left.pop())

        tables = stores.tables
        if request.param == "before":
            erase_next()
        elif request.param == "after":
            tables = WhenWritten(tables, erase_next)
        else:
            tables = Interrupted(tables, request.param, erase_next)
        run_attempt(replace(stores, tables=tables), job, max_attempts=3)
        return waiting.get(f"/v1/jobs/{job}").json()

    return run


def test_a_run_of_the_newest_version_begins_anew_when_a_customer_is_erased(
    waiting, erased_meanwhile
):
    ended = erased_meanwhile(begin(waiting)["job"])
    run = waiting.get(address("sample", f"/{ended['result']['run']}")).json()
    newest = waiting.get("/v1/datasets/sample").json()["dataset_version"]
    assert run["dataset_version"] == newest
    assert [row["customer_id"] for row in placed_by(waiting, run)] == [
        row["CustomerID"] for row in customers_of(waiting, "sample")
    ]


def test_a_run_of_a_named_version_fails_when_a_customer_is_erased(
    waiting, erased_meanwhile, settings
):
    ended = erased_meanwhile(begin(waiting, dataset_version=1)["job"])
    assert (ended["state"], ended["problem"]["status"], files(settings)) == ("failed", 404, [])


def test_a_run_whose_last_check_finds_an_erasure_is_attempted_again(waiting, stores, monkeypatch):
    job, left = begin(waiting)["job"], [lambda: erase_now(waiting, stores, "sample", "7")]
    require_kept = operations._require_kept

    def erase_after(*asked):
        require_kept(*asked)
        if left:
            left.pop()()

    monkeypatch.setattr(operations, "_require_kept", erase_after)
    states = []
    for _ in range(2):
        run_attempt(stores, job, max_attempts=3)
        states.append(waiting.get(f"/v1/jobs/{job}").json()["state"])
    assert states == ["running", "succeeded"]


def test_a_run_whose_model_is_deleted_meanwhile_leaves_nothing(waiting, stores, settings):
    job, left = begin(waiting)["job"], [lambda: waiting.delete("/v1/models/sample")]
    late = replace(stores, tables=WhenWritten(stores.tables, lambda: left and left.pop()()))
    run_attempt(late, job, max_attempts=3)
    ended = waiting.get(f"/v1/jobs/{job}").json()
    assert (ended["state"], ended["problem"]["status"], files(settings)) == ("failed", 404, [])


def test_a_retried_run_assigns_each_customer_once(waiting, stores):
    job, left = begin(waiting)["job"], [lambda: run_attempt(stores, job, max_attempts=3)]
    late = replace(stores, tables=WhenWritten(stores.tables, lambda: left and left.pop()()))
    run_attempt(late, job, max_attempts=3)
    run = waiting.get(
        address("sample", f"/{waiting.get(f'/v1/jobs/{job}').json()['result']['run']}")
    ).json()
    assert [row["customer_id"] for row in placed_by(waiting, run)] == [
        row["CustomerID"] for row in customers_of(waiting, "sample")
    ]


def test_a_superseded_attempt_restores_no_erased_customer(waiting, stores, settings):
    def overtake():
        run_attempt(stores, job, max_attempts=3)
        erase_now(waiting, stores, "sample", "7")

    job, left = begin(waiting)["job"], [overtake]
    late = replace(stores, tables=WhenWritten(stores.tables, lambda: left and left.pop()()))
    run_attempt(late, job, max_attempts=3)
    run = waiting.get(
        address("sample", f"/{waiting.get(f'/v1/jobs/{job}').json()['result']['run']}")
    ).json()
    assert (len(placed_by(waiting, run)), len(attempts(settings))) == (399, 1)


def test_an_erased_customer_is_in_no_run(sampled, name):
    put_csv(sampled, name, STRANGERS)
    found = run_of(sampled, "sample", name)
    erase(sampled, name, "z3")
    assert [row["customer_id"] for row in placed_by(sampled, found)] == ["z1", "z2", "z4"]


def test_a_deleted_dataset_removes_the_tables_of_its_runs(sampled, name):
    put_csv(sampled, name, STRANGERS)
    found = run_of(sampled, "sample", name)
    sampled.delete(f"/v1/datasets/{name}")
    answer = sampled.get(address("sample", f"/{found['run']}/assignments"))
    assert answer.status_code == 410


@pytest.mark.parametrize("what", ["", "/versions/2"])
def test_a_deleted_model_or_version_removes_the_tables_of_its_runs(
    client, settings, sample_csv, what
):
    put_csv(client, "sample", sample_csv)
    fit(client, "sample", k=2)
    refit(client, "sample", k=3)
    body, wait = {"dataset": "sample"}, {"Prefer": "wait=30"}
    client.post("/v1/models/sample/versions/2/assignment-runs", json=body, headers=wait)
    before = files(settings)
    client.delete(f"/v1/models/sample{what}")
    assert (len(before), files(settings)) == (1, [])


# Members


def test_the_members_of_all_segments_agree_with_assign(sampled):
    rows = customers_of(sampled, "sample")
    asked = place_all(sampled, rows)["assignments"]
    where = {row["customer_id"]: row["segment"] for row in asked}
    found = {
        member["CustomerID"]: each["segment"]
        for each in segments_of(sampled)
        for member in members_of(sampled, each["segment"])
    }
    assert (found, len(found)) == (where, len(rows))


def test_members_bring_their_features_and_how_well_they_fit(sampled):
    segment = segments_of(sampled)[0]["segment"]
    member = members_of(sampled, segment)[0]
    [placed] = place_all(sampled, [member])["assignments"]
    assert [member[name] for name in ("distance", "margin", "outlier")] == [
        pytest.approx(placed["distance"]),
        pytest.approx(placed["margin"]),
        placed["outlier"],
    ]
    stored = customers_of(sampled, "sample")[member["row"]]
    assert [member[name] for name in ("CustomerID", INCOME, SCORE)] == [
        stored[name] for name in ("CustomerID", INCOME, SCORE)
    ]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_of_members_list_each_customer_once_in_order(sampled, size):
    segment = min(segments_of(sampled), key=lambda each: each["n_customers"])["segment"]

    def get(token):
        return members(sampled, segment, page_size=size, **({"page_token": token} if token else {}))

    found = followed(get(None).json(), get)
    assert [row for page in found for row in page["customers"]] == members_of(sampled, segment)
    assert {len(page["customers"]) for page in found[:-1]} <= {size}


@pytest.mark.parametrize("fmt", READERS)
def test_members_are_returned_in_any_format(sampled, fmt):
    segment = segments_of(sampled)[0]["segment"]
    assert READERS[fmt](members(sampled, segment, format=fmt).content) == members_of(
        sampled, segment
    )


def test_members_keep_columns_that_are_called_like_ours(sampled, name):
    rows = "".join(f"{n},{n % 7},{n % 5}.5,{n % 3}.25\n" for n in range(40))
    put_csv(sampled, name, "id,row,distance,margin\n" + rows)
    fit(sampled, name, dataset=name, features=None, k=2)
    stored = {row["id"]: row for row in customers_of(sampled, name)}
    found = [
        row
        for each in segments_of(sampled, name)
        for page in followed(
            members(sampled, each["segment"], name, page_size=7).json(),
            lambda token, segment=each["segment"]: members(
                sampled, segment, name, page_size=7, page_token=token
            ),
        )
        for row in page["customers"]
    ]
    assert {row["id"]: {key: row[key] for key in stored["0"]} for row in found} == stored


def test_members_are_those_of_the_dataset_version_of_the_fit(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    fit(sampled, name, dataset=name, k=2)
    upsert(sampled, name, {"CustomerID": "new", INCOME: 60, SCORE: 50})
    n_members = sum(
        len(members_of(sampled, each["segment"], name)) for each in segments_of(sampled, name)
    )
    assert n_members == len(customers_of(sampled, name)) - 1


def test_an_unknown_segment_has_no_members(sampled):
    assert members(sampled, "seg_0123456789abcdef").status_code == 404


def test_members_of_a_version_with_an_erased_customer_are_gone_with_a_reason(
    sampled, name, sample_csv
):
    put_csv(sampled, name, sample_csv)
    fit(sampled, name, dataset=name, k=1)
    [segment] = segments_of(sampled, name)
    finished(sampled, erase(sampled, name, "7"))
    answer = members(sampled, segment["segment"], name)
    assert (answer.status_code, "erased" in answer.json()["detail"]) == (404, True)


class WhenWritten:
    """Tables to which something happens right after one of them was written."""

    def __init__(self, tables, happens):
        self._tables, self._happens = tables, happens

    def write(self, *asked):
        version = self._tables.write(*asked)
        self._happens()
        return version

    def __getattr__(self, name):
        return getattr(self._tables, name)
