"""What the orchestrator is told."""

from dataclasses import replace

import pytest

from service import RELEASE
from service.health.schemas import Readiness
from tests.support.fakes import AbsentEngine
from tests.support.steps import running


class AbsentDatabase:
    """Stands for a database that does not answer."""

    def state(self) -> str:
        return "unavailable"


@pytest.fixture
def without_database(client):
    parts = client.app.state.services
    client.app.state.services = replace(
        parts, stores=replace(parts.stores, database=AbsentDatabase())
    )
    yield client
    client.app.state.services = parts


@pytest.fixture
def without_engine(settings):
    with running(settings, engine=AbsentEngine) as client:
        yield client


def test_a_responding_process_is_alive(sampled):
    assert sampled.get("/livez").json() == {"status": "ok"}


def test_a_service_with_all_its_parts_is_ready(sampled):
    parts = ("status", "database", "engine", "tables", "artifacts")
    assert sampled.get("/readyz").json() == dict.fromkeys(parts, "ok")


def test_without_an_engine_the_service_is_not_ready(without_engine):
    answer = without_engine.get("/readyz")
    assert (answer.status_code, answer.json()["engine"], answer.json()["database"]) == (
        503,
        "unavailable",
        "ok",
    )


def test_without_a_database_the_service_is_not_ready(without_database):
    answer = without_database.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")


def test_a_service_that_is_not_ready_responds_with_retry_after(without_engine):
    assert int(without_engine.get("/readyz").headers["Retry-After"]) > 0


def test_a_service_that_is_not_ready_is_alive(without_engine):
    assert without_engine.get("/livez").status_code == 200


@pytest.mark.parametrize(
    "there",
    [
        {"engine": False},
        {"database": "unavailable"},
        {"database": "not-migrated"},
        {"tables": False},
        {"artifacts": False},
    ],
)
def test_every_part_is_needed(there):
    all_there = {"database": "ok", "engine": True, "tables": True, "artifacts": True}
    assert Readiness.of(**(all_there | there)).status == "unavailable"


def test_the_release_is_shown(sampled):
    assert sampled.get("/version").json() == {"version": RELEASE}
