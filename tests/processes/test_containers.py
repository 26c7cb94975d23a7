"""Dockerfile and docker-compose.yml start, work and stop, as processes instead of containers."""

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service.auth.api_keys import generate_key
from tests.processes.containers import Machine, compose_file, dockerfile, said

pytestmark = pytest.mark.processes

SERVICES = compose_file()["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
CUSTOMER = {"Annual Income (k$)": 90, "Spending Score (1-100)": 70}


@pytest.fixture(scope="module")
def secret_values() -> dict[str, str]:
    return {
        "bootstrap_key": generate_key(),
        "database_password": secrets.token_hex(16),
        "signing_key": "s" * 64,
    }


@pytest.fixture(scope="module")
def postgresql_at(secret_values, postgresql):
    """Where a PostgreSQL listens that was set up as its container would be."""
    asked = SERVICES["database"]["environment"]
    assert asked["POSTGRES_USER"] == asked["POSTGRES_DB"]
    return postgresql.guard(
        asked["POSTGRES_USER"], secret_values[Path(asked["POSTGRES_PASSWORD_FILE"]).name]
    )


@dataclass(frozen=True, kw_only=True)
class Life:
    """What came of a day of these containers, from their start to their end."""

    without_key: int
    with_new_key: int
    fitted: httpx.Response
    placed: dict
    written: set[str]
    ended: dict[str, int | None]


@pytest.fixture(scope="module")
def life(postgresql_at, secret_values, tmp_path_factory) -> Life:
    machine = Machine(tmp_path_factory.mktemp("machine"), postgresql_at)
    for name, value in secret_values.items():
        (machine.root / "run/secrets" / name).write_text(f"{value}\n")
    try:
        for name in machine.services:
            machine.up(name)
        machine.wait_until_healthy("api")
        lived = live(machine)
    finally:
        ended = machine.down()
    return Life(**lived, ended=ended)


def live(machine) -> dict:
    """Make a key, load the sample, fit, assign."""
    with httpx.Client(base_url=machine.address, timeout=60) as client:
        without_key = client.get("/v1/models").status_code
        key = run_inside(machine, "keys", "create", "--name", "crm").strip()
        client.headers["Authorization"] = f"Bearer {key}"
        with_new_key = client.get("/v1/models").status_code
        run_inside(
            machine, "sample", "--url", machine.address, "--key-file", "/run/secrets/bootstrap_key"
        )
        body = {"name": "shop", "dataset": "sample", "k": 5, "features": [*CUSTOMER]}
        fitted = client.post("/v1/models", json=body, headers={"Prefer": "wait=30"})
        placed = client.post("/v1/models/shop/assignments", json={"customers": [CUSTOMER]}).json()
    written = {
        path.parts[len(machine.root.parts)] for path in machine.root.rglob("*") if path.is_file()
    }
    return {
        "without_key": without_key,
        "with_new_key": with_new_key,
        "fitted": fitted,
        "placed": placed,
        "written": written,
    }


def run_inside(machine, *arguments: str) -> str:
    """Run a command of ours in the api's container, and give what it prints."""
    words = ["python", "-m", "service", *map(machine.localized, arguments)]
    ran = subprocess.run(  # noqa: S603 - our own command
        words, env=machine.environment("api"), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_model_is_fitted_in_one_container_and_assigns_customers_in_another(life):
    assert life.fitted.status_code == 201, life.fitted.text
    assert life.placed["assignments"][0]["segment"].startswith("seg_")


def test_a_key_created_in_the_container_is_accepted(life):
    assert (life.without_key, life.with_new_key) == (401, 200)


def test_nothing_is_written_but_on_volumes(life):
    """Beside the logs, which a container writes to its output."""
    assert {name for name in life.written if not name.endswith(".log")} <= {
        "data",
        "certificates",
        "tmp",
        "run",
    }


def test_containers_stop_well_within_the_grace_period(life):
    assert life.ended == dict.fromkeys(set(OURS), 0)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_no_more_than_it_needs(name):
    service = SERVICES[name]
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])


@pytest.mark.parametrize("name", [*OURS, "database"])
def test_a_containers_own_files_cannot_be_changed(name):
    assert SERVICES[name]["read_only"] is True


def test_the_image_runs_as_a_numeric_user_other_than_root():
    user, group = map(int, said("USER").split(":"))
    assert min(user, group) > 0


def test_every_secret_is_a_file_and_none_is_in_an_environment():
    given = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    asked = {
        Path(value).name
        for service in SERVICES.values()
        for key, value in environment_of(service)
        if "FILE" in key
    }
    assert given == asked == set(compose_file()["secrets"])


def environment_of(service) -> list[tuple[str, str]]:
    return list(service.get("environment", {}).items())


def test_nothing_but_the_api_is_published_and_that_on_this_machine_alone():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api": ["127.0.0.1:8000:8000"]
    }


def test_the_image_checks_that_the_service_answers():
    assert "service.healthcheck" in next(
        rest for word, rest in dockerfile() if word == "HEALTHCHECK"
    )
