"""Changes of a dataset: small writes on top of the stored table, folded into it later."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from models.columns import Override
from service.customers import change_feed
from service.customers import operations as customers
from service.datasets import (
    change_log,
    erasure,
    fold,
    repository,
    stored_customers,
    stored_versions,
)
from service.datasets import operations as datasets
from service.datasets.fold import plan_overdue_folds
from service.errors import NotFound
from service.stores import open_stores
from service.tasks import run_attempt
from tests.support.fakes import IdleEngine
from tests.support.steps import customers_of, erase, fit, put_csv, running, upsert
from tests.support.writing import store_rows

NUMBERS = count(1)
TYPES = {"customer_id": pa.string(), "age": pa.float64(), "town": pa.string()}
KINDS = {"age": Override(kind="numeric"), "town": Override(kind="categorical")}
TABLE = "customer_id,age,town\nc1,30,Ulm\nc2,41.5,Bonn\nc3,,Köln\n"


def stores_of(client):
    return client.app.state.services.stores


def numbers_of_stored(client, name="shop"):
    with stores_of(client).database.reading() as session:
        dataset = repository.get_dataset(session, "default", name)
        return [row.version for row in repository.list_versions(session, dataset.id)]


@pytest.fixture
def shop(client):
    put_csv(client, "shop", TABLE)
    return client


def test_a_small_upsert_writes_no_table(shop):
    done = upsert(shop, "shop", {"customer_id": "c1", "age": 31}, {"customer_id": "c4"})
    assert (done["dataset_version"], done["n_customers"]) == (2, 4)
    assert [row["result"] for row in done["results"]] == ["updated", "inserted"]
    assert numbers_of_stored(shop) == [1]


@pytest.mark.parametrize("customer", ["ann.b@example.com", "1.5", "v1.0"])
def test_an_id_with_a_dot_is_written_as_a_change(shop, customer):
    upsert(shop, "shop", {"customer_id": customer, "age": 31})
    assert numbers_of_stored(shop) == [1]
    assert customers_of(shop, "shop")[3]["customer_id"] == customer


def test_a_fold_of_a_deleted_dataset_does_nothing(settings):
    stores = open_stores(settings)
    stores.database.migrate()
    payload = {"tenant": "default", "dataset": "gone"}
    assert fold.run_fold(stores, payload, 1, lambda *_: None)
    stores.database.close()


def test_a_listing_and_a_customer_show_changes_before_they_are_stored(shop):
    upsert(shop, "shop", {"customer_id": "c4", "town": "Kiel"}, {"customer_id": "c1", "age": None})
    upsert(shop, "shop", {"customer_id": "c1", "town": "Jena"})
    before = customers_of(shop, "shop")
    assert before[0] == {"customer_id": "c1", "age": None, "town": "Jena"}
    assert before[3] == {"customer_id": "c4", "age": None, "town": "Kiel"}
    assert shop.get("/v1/datasets/shop/customers/c4").json()["customer"] == before[3]
    fold.fold_dataset(stores_of(shop), "default", "shop")
    assert customers_of(shop, "shop") == before


def test_a_fold_keeps_the_number_of_its_last_change(shop):
    for age in (1, 2):
        upsert(shop, "shop", {"customer_id": "c1", "age": age})
    fold.fold_dataset(stores_of(shop), "default", "shop")
    assert numbers_of_stored(shop) == [3, 1]
    assert shop.get("/v1/datasets/shop").json()["dataset_version"] == 3


def test_a_version_between_two_folds_can_be_stored_as_long_as_its_changes_are_kept(shop):
    for age in (1, 2, 3):
        upsert(shop, "shop", {"customer_id": "c1", "age": age})
    fold.fold_dataset(stores_of(shop), "default", "shop", version=3)
    answer = shop.get("/v1/datasets/shop/summary", params={"dataset_version": 3}).json()
    ages = next(column for column in answer["columns"] if column["name"] == "age")
    assert ages["numeric"]["min"] == 2


def test_a_version_that_is_not_kept_is_gone_and_the_nearest_is_named(shop):
    for age in (1, 2):
        upsert(shop, "shop", {"customer_id": "c1", "age": age})
    answers = [
        shop.get("/v1/datasets/shop/summary", params={"dataset_version": version})
        for version in (2, 4)
    ]
    assert [answer.status_code for answer in answers] == [410, 404]
    assert answers[0].json()["detail"].endswith("the nearest one is 1")


def test_a_fit_reads_all_changes_and_names_their_version(client, sample_csv):
    put_csv(client, "shop", sample_csv)
    upsert(client, "shop", {"customer_id": "new", "Age": 30})
    version = fit(client, "shop", dataset="shop", k=3)
    assert version["dataset_version"] == 2
    assert version["n_customers"] == client.get("/v1/datasets/shop").json()["n_customers"]


def test_pages_of_a_listing_show_one_moment_while_customers_are_written(shop):
    upsert(shop, "shop", {"customer_id": "c4", "age": 4}, {"customer_id": "c5", "age": 5})
    pages, token = [], None
    while True:
        page = shop.get(
            "/v1/datasets/shop/customers",
            params={"page_size": 2, **({"page_token": token} if token else {})},
        ).json()
        pages += page["customers"]
        token = page.get("next_page_token")
        if token is None:
            break
        upsert(shop, "shop", {"customer_id": "c1", "age": 99}, {"customer_id": f"n{len(pages)}"})
        fold.fold_dataset(stores_of(shop), "default", "shop")
    assert [(row["customer_id"], row["age"]) for row in pages] == [
        ("c1", 30), ("c2", 41.5), ("c3", None), ("c4", 4), ("c5", 5),
    ]  # fmt: skip


def test_many_changes_are_folded_by_a_job(settings, monkeypatch):
    monkeypatch.setattr(change_log, "MIN_FOLD", 5)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        for n in range(7):
            upsert(client, "shop", {"customer_id": f"n{n}"})
        [job] = [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "fold"]
        stores = open_stores(settings)
        run_attempt(stores, job["job"], max_attempts=3)
        stores.database.close()
        assert numbers_of_stored(client) == [8, 1]


def test_changes_that_have_waited_long_enough_are_folded_by_a_job(settings):
    with running(settings.model_copy(update={"fold_minutes": 1e-9}), engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        stores = stores_of(client)
        plan_overdue_folds(stores)
        assert client.get("/v1/jobs").json()["jobs"] == []
        upsert(client, "shop", {"customer_id": "n1"})
        plan_overdue_folds(replace(stores, fold_after=timedelta(hours=1)))
        assert client.get("/v1/jobs").json()["jobs"] == []
        for _ in range(2):
            plan_overdue_folds(stores)
        [job] = client.get("/v1/jobs").json()["jobs"]
        run_attempt(stores, job["job"], max_attempts=3)
        assert numbers_of_stored(client) == [2, 1]


def test_writes_wait_while_too_many_changes_are_unfolded(settings, monkeypatch):
    monkeypatch.setattr(change_log, "MIN_FOLD", 1)
    monkeypatch.setattr(change_log, "MAX_WAITING", 2)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        for n in range(2):
            upsert(client, "shop", {"customer_id": f"n{n}"})
        answer = client.post(
            "/v1/datasets/shop/customers", json={"customers": [{"customer_id": "n3"}]}
        )
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]


def test_concurrent_writers_lose_nothing(shop):
    def write(n):
        return upsert(shop, "shop", {"customer_id": f"n{n % 10}", "age": n})["dataset_version"]

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(write, range(40)))
    assert sorted(numbers) == list(range(2, 42))
    assert shop.get("/v1/datasets/shop").json()["n_customers"] == 13


def test_an_erasure_deletes_the_changes(shop):
    upsert(shop, "shop", {"customer_id": "c9", "town": "Zanzibar"})
    erase(shop, "shop", "c9")
    with stores_of(shop).database.reading() as session:
        dataset = repository.get_dataset(session, "default", "shop")
        assert not repository.has_change(session, dataset.id, "c9")
    assert shop.get("/v1/datasets/shop/customers/c9").status_code == 404


class AgainstDictionary(RuleBasedStateMachine):
    """A dataset holds what a dictionary holds, whatever the order of writes, folds and erasures.

    So does a copy that follows its changes.
    """

    stores = None

    @initialize()
    def start(self):
        self.name = f"d{next(NUMBERS)}"
        self.rows, self.copy, self.cursor = {}, {}, None
        self.replace(["a", "b"])

    @rule(ids=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True))
    def replace(self, ids):
        self.rows = {each: {"customer_id": each, "age": 1.0, "town": "x"} for each in ids}
        raw = pa.Table.from_pylist(list(self.rows.values()))
        declared = datasets.Declarations(customer_id="customer_id", columns=KINDS)
        datasets.replace_dataset(self.stores, "default", self.name, raw, declared)

    @rule(
        batch=st.lists(
            st.fixed_dictionaries(
                {"customer_id": st.sampled_from("abcdefgh")},
                optional={
                    "age": st.none() | st.integers(0, 9).map(float),
                    "town": st.none() | st.sampled_from(["Ulm", "Bonn"]),
                },
            ),
            min_size=1,
            max_size=4,
        )
    )
    def write(self, batch):
        names = dict.fromkeys(name for row in batch for name in row)
        table = pa.table(
            {name: pa.array([row.get(name) for row in batch], TYPES[name]) for name in names}
        )
        present = {name: np.array([name in row for row in batch]) for name in names}
        store_rows(self.stores, self.name, table, present)
        last = {}
        for row in batch:
            last.pop(row["customer_id"], None)
            last[row["customer_id"]] = row
        for row in last.values():
            empty = {"customer_id": row["customer_id"], "age": None, "town": None}
            self.rows[row["customer_id"]] = self.rows.get(row["customer_id"], empty) | row

    @rule()
    def fold(self):
        fold.fold_dataset(self.stores, "default", self.name)

    @precondition(lambda self: len(self.rows) > 1)
    @rule(data=st.data())
    def erase(self, data):
        customer = data.draw(st.sampled_from(sorted(self.rows)))
        erasure.erase_customer(self.stores, "default", self.name, customer)
        del self.rows[customer]
        with pytest.raises(NotFound):
            erasure.erase_customer(self.stores, "default", self.name, customer)

    @rule()
    def run_erasures(self):
        payload = {"tenant": "default", "dataset_id": self.newest()[0].id}
        erasure.run_erasure(self.stores, payload, 1, lambda *_: None)

    @rule()
    def follow_changes(self):
        """Bring a copy up to date by the changes since the last time, as a CRM would."""
        page = self.changes_after(self.cursor)
        for change in page.changes:
            if change.kind == "replaced":
                self.copy = {row["customer_id"]: row for row in self.listed()}
            elif change.customer_id is not None:
                self.copy.pop(change.customer_id, None)
                if change.kind == "upserted" and change.customer_id in self.rows:
                    self.copy[change.customer_id] = self.find(change.customer_id)
        self.cursor = (page.dataset.id, page.seq)
        assert self.copy == self.rows
        assert not page.has_more

    def changes_after(self, cursor):
        with self.stores.database.reading() as session:
            return change_feed.list_changes(session, "default", self.name, cursor, limit=1_000)

    def newest(self):
        return stored_versions.newest(self.stores, "default", self.name)

    def listed(self, start=0):
        at = self.newest()
        batches = stored_customers.list_customers(self.stores, at, seq=at[0].seq, start=start)
        return [row for batch in batches for row in batch.to_pylist()]

    def find(self, customer):
        return customers.find_customer(self.stores, "default", self.name, customer)[1]

    @invariant()
    def has_no_erased_customer_in_any_version(self):
        dataset, _ = self.newest()
        with self.stores.database.reading() as session:
            versions = repository.list_versions(session, dataset.id)
            deleted = repository.list_deleted(session, dataset.id, after=0)
        for version in versions:
            table = stored_customers.read_customers(self.stores, "default", version, ["age"])
            kept = stored_customers.read_customers(self.stores, "default", version)
            held = set(kept["customer_id"].to_pylist())
            assert not held & {each for each, seq in deleted.items() if seq > version.seq}
            assert table.num_rows == kept.num_rows

    @invariant()
    def holds_the_same(self):
        rows = list(self.rows.values())
        for start in range(len(rows) + 1):
            assert self.listed(start) == rows[start:]
        assert self.newest()[0].n_customers == len(rows)
        for customer, row in self.rows.items():
            assert self.find(customer) == row


@pytest.mark.slow
@pytest.mark.costly
def test_a_dataset_is_like_a_dictionary(settings, pytestconfig):
    stores = open_stores(settings)
    stores.database.migrate()
    AgainstDictionary.stores = stores
    many = pytestconfig.getoption("--soak")
    run_state_machine_as_test(
        AgainstDictionary,
        settings=hypothesis_settings(
            max_examples=250 if many else 6,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    stores.database.close()
