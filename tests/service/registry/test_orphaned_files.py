"""Files that no row names are found and removed; all others stay."""

import os
import time
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from service.cli import commands
from service.errors import Conflict
from service.registry import repository
from service.registry.orphaned_files import (
    GRACE_SECONDS,
    find_orphaned_files,
    remove_orphaned_files,
)
from service.stores import open_stores
from tests.support.fakes import IdleEngine
from tests.support.steps import customers_of, fit, place, put_csv, refit, run_of, running

PURCHASES = {"shape": "transactions", "customer": "customer", "date": "date", "amount": "amount"}
CUSTOMER = {"Annual Income (k$)": 60, "Spending Score (1-100)": 50}

UNNAMED = (
    "tables/default/{}/0.parquet",
    "tables/default/{}/_delta_log/0.json",
    "tables/default/ledgers/{}/0.parquet",
    "tables/default/runs/{}/1/0.parquet",
    "artifacts/default/{}/1/1/scorer.json",
    "artifacts/default/{}/1/.1-0a0b/scorer.json",
)


@pytest.fixture
def stores(settings):
    stores = open_stores(settings)
    yield stores
    stores.database.close()


@pytest.fixture
def used(client, sample_csv):
    """A service with something in every place where files are kept."""
    put_csv(client, "sample", sample_csv)
    put_csv(client, "bought", "customer,date,amount\na,2025-01-01,5\nb,2025-02-01,7\n", **PURCHASES)
    fit(client, "shop")
    refit(client, "shop")
    run_of(client, "shop", "sample")
    return client


@pytest.fixture
def grow_old(settings):
    """Let every file be as old as a leftover must be."""

    def grow_old():
        for path in (path for path in settings.home.rglob("*") if path.is_file()):
            os.utime(path, (0, time.time() - 2 * GRACE_SECONDS))

    return grow_old


@pytest.fixture
def leave(settings):
    """Leave a file in a store."""

    def leave(path):
        target = settings.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"left")
        return path

    return leave


def found(stores):
    return [f"{left.store}/{left.path}" for left in find_orphaned_files(stores)]


@pytest.mark.usefixtures("used")
def test_files_without_a_row_are_orphans_after_an_hour(stores, leave, grow_old):
    left = [leave(path.format(uuid4())) for path in UNNAMED]
    for others in ("tables/README.md", "artifacts/default/notes/1/1/scorer.json"):
        leave(others)
    young = found(stores)
    grow_old()
    assert (young, sorted(found(stores))) == ([], sorted(left))


@pytest.mark.usefixtures("used")
def test_another_attempt_than_that_of_a_ready_version_is_left_over(
    stores, settings, leave, grow_old
):
    [version] = settings.artifacts_directory().glob("default/*/2")
    left = leave(f"{version.relative_to(settings.home)}/9/scorer.json")
    grow_old()
    assert found(stores) == [left]


def test_files_of_a_running_fit_stay(settings, stores, sample_csv, leave, grow_old):
    """However old it looks: clocks may be wrong."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        client.post(
            "/v1/models",
            json={"name": "shop", "dataset": "sample", "k": 2},
            headers={"Prefer": "wait=0"},
        )
    with stores.database.reading() as session:
        model = repository.get_model(session, "default", "shop")
    leave(f"artifacts/default/{model.id}/1/1/scorer.json")
    grow_old()
    assert found(stores) == []


def test_only_orphaned_files_are_removed(used, stores, leave, grow_old):
    leave(f"artifacts/default/{uuid4()}/1/1/scorer.json")
    grow_old()
    remove_orphaned_files(stores, find_orphaned_files(stores))
    assert (found(stores), place(used, "shop", CUSTOMER)["version"]) == ([], 1)


def test_files_that_no_dataset_version_needs_are_orphaned(used, stores, settings, grow_old):
    """As of a write that broke off."""
    [path] = [
        path
        for path in settings.tables_directory().glob("default/*/*.parquet")
        if path.stat().st_size > 3000
    ]
    left = path.with_name("0-left.parquet")
    left.write_bytes(path.read_bytes())
    grow_old()
    leftovers = find_orphaned_files(stores)
    remove_orphaned_files(stores, leftovers)
    assert [settings.home / "tables" / one.path for one in leftovers] == [left]
    assert (
        left.exists(),
        place(used, "shop", CUSTOMER)["version"],
        len(customers_of(used, "sample")),
    ) == (
        False,
        1,
        400,
    )


@pytest.mark.usefixtures("used")
def test_a_lookup_file_whose_writer_was_killed_is_orphaned(stores, settings, leave, grow_old):
    [table, *_] = settings.tables_directory().glob("default/*/*.parquet")
    directory = table.parent.relative_to(settings.home)
    left = leave(f"{directory}/_lookup/{table.stem}.arrow-{uuid4().hex}")
    leave(f"{directory}/_lookup/{table.stem}.arrow")
    grow_old()
    leftovers = find_orphaned_files(stores)
    remove_orphaned_files(stores, leftovers)
    assert ([f"{one.store}/{one.path}" for one in leftovers], found(stores)) == ([left], [])


@pytest.mark.usefixtures("client")
def test_an_empty_database_is_refused_as_the_wrong_one(stores):
    with pytest.raises(Conflict, match="check that it belongs to these files"):
        find_orphaned_files(stores)


@pytest.mark.usefixtures("used")
def test_the_command_removes_files_only_on_request(settings, leave, grow_old):
    left = leave(f"tables/default/{uuid4()}/0.parquet")
    grow_old()
    runner = CliRunner(env=settings.environment())
    said = [
        runner.invoke(commands, ["sweep", *options]).stdout for options in ([], ["--remove"], [])
    ]
    assert said == [f"{left}\n", f"{left}\n", ""]
