"""What every test may ask for."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.config import Settings
from service.sample import generate_sample
from service.stores.database import Database
from service.tracing import Tracer, tracer_of
from service.web.logging import configure_logging
from tests.support.databases import Postgresql, running_postgresql
from tests.support.fakes import Interrupted, Lines
from tests.support.paths import ROOT
from tests.support.soak_report import pytest_terminal_summary, reached  # noqa: F401 - pytest finds them here
from tests.support.steps import fit, put_csv, running

FEW, MANY = 1, 20
FEW_EXAMPLES, MANY_EXAMPLES = 12, 100  # of properties whose examples take long
KINDS = ("sqlite", "postgresql")

AtHome = Callable[..., Settings]

_numbers = count(1)


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--database", choices=KINDS, default=KINDS[0], help="Where the tests keep the metadata."
    )
    parser.addoption(
        "--soak",
        action="store_true",
        help="Kill and damage many times over, instead of a few times.",
    )


def pytest_configure(config) -> None:
    """Register the profiles of Hypothesis: `costly` ones have few examples without --soak."""
    n_examples = MANY_EXAMPLES if config.getoption("--soak") else FEW_EXAMPLES
    profiles = hypothesis.settings
    # A busy machine takes as long as it takes.
    profiles.register_profile("untimed", deadline=None)
    profiles.register_profile("costly", deadline=None, max_examples=n_examples)
    profiles.load_profile("untimed")


def pytest_generate_tests(metafunc) -> None:
    """Repeat what asks for its `nth` time."""
    if "nth" in metafunc.fixturenames:
        times = MANY if metafunc.config.getoption("--soak") else FEW
        metafunc.parametrize("nth", range(times), scope="module")


def pytest_collection_modifyitems(items) -> None:
    """Begin with the files that start processes, and go on with the slow ones.

    The former wait for others, and at the end nothing would go on meanwhile; a slow file that
    begins last would end long after all others.
    """
    waiting, slow = (
        {item.path for item in items if item.get_closest_marker(name)}
        for name in ("processes", "slow")
    )
    items.sort(key=lambda item: (item.path not in waiting, item.path not in slow))


@pytest.fixture(scope="session")
def n_flips(pytestconfig) -> int:
    """How many single bits to flip in each file."""
    return 1_500 if pytestconfig.getoption("--soak") else 60


@pytest.fixture(scope="session")
def n_mutations(pytestconfig) -> int:
    """How many bodies to change at random."""
    return 20_000 if pytestconfig.getoption("--soak") else 100


@pytest.fixture(scope="session")
def sample_csv() -> str:
    return generate_sample(n_customers=400)


@pytest.fixture(scope="session")
def mall_csv() -> str:
    """The two hundred customers of the mall, where they lie beside the repository."""
    path = ROOT.parent / "shared" / "data" / "Mall_Customers.csv"
    if not path.exists():
        pytest.skip("the mall's customers do not lie beside the repository")
    return path.read_text()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"own-{next(_numbers)}"


@pytest.fixture(scope="session")
def server_of_all(pytestconfig, request) -> Postgresql | None:
    """The server that keeps every test's metadata, where that was asked for."""
    return (
        request.getfixturevalue("postgresql")
        if pytestconfig.getoption("--database") == "postgresql"
        else None
    )


@pytest.fixture(scope="session")
def at_home(server_of_all) -> AtHome:
    """Give the settings of a home, the same database to the same home."""
    addresses: dict[Path, str] = {}

    def settings(home: Path, **asked: Any) -> Settings:
        if server_of_all is None:
            return Settings(home=home, **asked)
        if home not in addresses:
            addresses[home] = server_of_all.new()
        return Settings(home=home, database_url=addresses[home], **asked)

    return settings


@pytest.fixture
def read_log():
    """What was written to the log since it was read last, line by line."""
    root, lines = logging.getLogger(), Lines()
    level, root.handlers[:] = root.level, []
    configure_logging("info")
    [handler] = root.handlers
    handler.setStream(lines)

    def read() -> list[dict[str, Any]]:
        handler.flush()
        return lines.take()

    yield read
    structlog.reset_defaults()
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """What has been traced, the earliest first."""
    return InMemorySpanExporter()


@pytest.fixture
def tracer(spans) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return tracer_of(provider)


@pytest.fixture
def settings(at_home, server_of_all, tmp_path) -> Iterator[Settings]:
    settings = at_home(tmp_path)
    yield settings
    if server_of_all is not None:
        server_of_all.drop(settings.database_address())


@pytest.fixture
def client(settings) -> Iterator[TestClient]:
    """A service that knows nothing yet."""
    with running(settings) as client:
        yield client


@pytest.fixture
def broken(client) -> TestClient:
    """A service whose table store fails as nobody foresaw, and quotes a customer as it does."""
    parts = client.app.state.services
    tables = Interrupted(parts.stores.tables, "stage", lambda: int("Zanzibar-77"))
    client.app.state.services = replace(parts, stores=replace(parts.stores, tables=tables))
    return client


@pytest.fixture(scope="session")
def sampled(at_home, tmp_path_factory, sample_csv) -> Iterator[TestClient]:
    """A service with the sample dataset and a model of it.

    Tests may add to it, under names of their own.
    """
    with running(at_home(tmp_path_factory.mktemp("sampled"))) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "sample")
        yield client


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[Postgresql]:
    with running_postgresql(tmp_path_factory.mktemp("runtime")) as postgresql:
        yield postgresql


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> Iterator[Database]:
    """An empty database with the newest schema, of either kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'metadata.sqlite'}")
        database.migrate()
        yield database
        database.close()
    else:
        postgresql = request.getfixturevalue("postgresql")
        database = Database(postgresql.new())
        yield database
        database.close()
        postgresql.drop(database.engine.url.render_as_string(hide_password=False))
