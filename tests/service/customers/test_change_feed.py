"""The feed of changes: what a CRM reads to keep its copy of a dataset equal."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.datasets import change_log, repository
from service.datasets.change_log import delete_expired_changes
from service.datasets.version_writer import MAX_LISTED
from tests.support.fakes import IdleEngine
from tests.support.steps import customers_of, erase, put_csv, running, upsert

TABLE = "customer_id,age,town\nc1,30,Ulm\nc2,41.5,Bonn\nc3,,Köln\n"


def changes_of(client, **asked) -> dict:
    answer = client.get("/v1/datasets/shop/changes", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def named(feed) -> list[tuple]:
    return [(each["change"], each["customer_id"]) for each in feed["changes"]]


@pytest.fixture
def shop(client):
    put_csv(client, "shop", TABLE)
    return client


def test_an_upsert_lists_its_customers_and_its_version(shop):
    latest = changes_of(shop, after="latest")
    done = upsert(shop, "shop", {"customer_id": "c1", "age": 31}, {"customer_id": "c9"})
    feed = changes_of(shop, after=latest["after"])
    assert named(feed) == [("upserted", "c1"), ("upserted", "c9")]
    assert {each["dataset_version"] for each in feed["changes"]} == {done["dataset_version"]}
    assert not feed["more"]


def test_latest_lists_nothing(shop):
    assert changes_of(shop, after="latest")["changes"] == []


def test_an_upload_and_a_change_of_columns_replace_all_customers(shop):
    shop.patch("/v1/datasets/shop", json={"columns": {"town": {"kind": "ignored"}}})
    assert named(changes_of(shop)) == [("replaced", None)] * 2


def test_a_batch_with_a_new_column_lists_its_customers(shop):
    latest = changes_of(shop, after="latest")["after"]
    upsert(shop, "shop", {"customer_id": "c2", "visits": 3})
    assert named(changes_of(shop, after=latest)) == [("upserted", "c2")]


def test_a_large_batch_replaces_all_customers(shop):
    latest = changes_of(shop, after="latest")["after"]
    rows = "".join(f"n{n},{n % 90}\n" for n in range(MAX_LISTED + 1))
    answer = shop.post(
        "/v1/datasets/shop/customers",
        content=f"customer_id,age\n{rows}",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200
    assert named(changes_of(shop, after=latest)) == [("replaced", None)]


@pytest.fixture
def orders(client):
    """A dataset of transactions, the newest of them on 2 January."""
    put_csv(
        client,
        "shop",
        "customer,date,amount\na,2026-01-01,5\nb,2026-01-02,7\n",
        shape="transactions",
        customer="customer",
        date="date",
        amount="amount",
    )
    return client


def add_transaction(client, day) -> dict:
    """Add a transaction of customer b, and return the changes."""
    latest = changes_of(client, after="latest")["after"]
    answer = client.post(
        "/v1/datasets/shop/transactions",
        content=f"customer,date,amount\nb,{day},5\n",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    return changes_of(client, after=latest)


def test_transactions_list_their_customers(orders):
    assert named(add_transaction(orders, "2026-01-01")) == [("upserted", "b")]


def test_transactions_that_move_the_reference_date_replace_all_customers(orders):
    assert named(add_transaction(orders, "2026-01-03")) == [("replaced", None)]


def test_an_erased_customer_is_listed_as_deleted_and_no_longer_as_upserted(shop):
    latest = changes_of(shop, after="latest")["after"]
    upsert(shop, "shop", {"customer_id": "c1", "age": 31})
    erase(shop, "shop", "c1")
    assert named(changes_of(shop, after=latest)) == [("deleted", None), ("deleted", "c1")]


def test_pages_follow_each_other_without_gaps(shop):
    for n in range(5):
        upsert(shop, "shop", {"customer_id": f"n{n}"})
    pages, after = [], None
    while True:
        page = changes_of(shop, page_size=2, **({"after": after} if after else {}))
        pages += page["changes"]
        after = page["after"]
        if not page["more"]:
            break
    assert [each["seq"] for each in pages] == [1, 2, 3, 4, 5, 6]


def test_a_cursor_of_a_deleted_dataset_has_expired(shop):
    after = changes_of(shop)["after"]
    shop.delete("/v1/datasets/shop")
    put_csv(shop, "shop", TABLE)
    answer = shop.get("/v1/datasets/shop/changes", params={"after": after})
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/cursor-expired")


def delete_changes(client, **kept) -> None:
    """Delete the changes of a service that are older than some time."""
    stores = client.app.state.services.stores
    delete_expired_changes(replace(stores, changes_kept=timedelta(**kept)))


def test_a_cursor_before_the_changes_that_are_kept_has_expired(shop):
    after = changes_of(shop)["after"]
    upsert(shop, "shop", {"customer_id": "c1", "age": 31})
    put_csv(shop, "shop", TABLE)
    delete_changes(shop, hours=1)
    assert named(changes_of(shop, after=after)) == [("upserted", "c1"), ("replaced", None)]
    delete_changes(shop)
    answer = shop.get("/v1/datasets/shop/changes", params={"after": after})
    assert answer.status_code == 410
    assert changes_of(shop)["changes"] == []


def test_changes_that_are_not_in_the_stored_table_are_kept(shop):
    upsert(shop, "shop", {"customer_id": "c1", "age": 31})
    delete_changes(shop)
    assert named(changes_of(shop)) == [("upserted", "c1")]
    assert customers_of(shop, "shop")[0]["age"] == 31


def test_many_changes_are_deleted_in_several_transactions(shop, monkeypatch):
    monkeypatch.setattr(change_log, "MAX_DELETED", 2)
    for n in range(5):
        upsert(shop, "shop", {"customer_id": f"n{n}"})
    put_csv(shop, "shop", TABLE)
    delete_changes(shop)
    assert changes_of(shop)["changes"] == []


def test_deletions_of_customers_who_are_not_erased_yet_are_kept(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        erase(client, "shop", "c1")
        upsert(client, "shop", {"customer_id": "c2", "new": 1})
        delete_changes(client)
        with client.app.state.services.stores.database.reading() as session:
            dataset = repository.get_dataset(session, "default", "shop")
            assert repository.list_deleted(session, dataset.id, after=0).keys() == {"c1"}


@pytest.mark.parametrize("token", ["nonsense", "e30=", "LzE=" * 40])
def test_a_cursor_that_is_none_is_refused(shop, token):
    answer = shop.get("/v1/datasets/shop/changes", params={"after": token})
    assert answer.status_code in {410, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
