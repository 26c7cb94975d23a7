"""Single customers written by eight clients, while processes are killed and the disk fills up.

Each client repeats a write with the same idempotency key until it is acknowledged.
"""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from threading import Event

import httpx
import pytest

from bench.server import PATIENCE, wait_for
from service.config import Settings
from service.datasets import repository
from service.registry.orphaned_files import find_orphaned_files, remove_orphaned_files
from service.stores import open_stores
from tests.processes.forked_processes import MAX_PAGES, N_PROCESSES, ForkedService
from tests.support.databases import make_embedded, running_postgresql

pytestmark = pytest.mark.processes

CLIENTS = 8
SETTINGS = {
    "engine_address": "tcp://127.0.0.1:9",  # nothing listens there: the tests run the jobs
    "log_level": "error",
    "requests_per_minute": 1_000_000,
}
PATH = "/v1/datasets/shop"
KNOWN = {f"known-{n}": n / 4 for n in range(200)}
WRITES_EACH = 2  # of a customer, one after the other
FOLD_STEPS = 4  # see `killed_in`
PAUSE = 0.05  # after an acknowledgement, which leaves the processor to the others
MAX_WAIT = 0.05


@dataclass(frozen=True, kw_only=True)
class Write:
    """An acknowledged write; the version is None if the response was deleted by an erasure."""

    customer: str
    spent: float
    version: int | None


@dataclass
class Clients:
    """Clients of a service, and what was acknowledged to each."""

    url: str
    acknowledged: list[list[Write]] = field(default_factory=lambda: [[] for _ in range(CLIENTS)])
    erased: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    is_over: Event = field(default_factory=Event)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let all clients write within a block, and wait for their last acknowledgements."""
        with ThreadPoolExecutor(CLIENTS) as threads:
            results = [threads.submit(self._write_all, client) for client in range(CLIENTS)]
            try:
                yield
            finally:
                self.is_over.set()
            for result in results:
                result.result()

    def wait_for_writes(self, n: int) -> None:
        """Wait for further acknowledgements."""
        enough = self._n_acknowledged() + n
        wait_for(lambda: self._n_acknowledged() >= enough, f"{n} writes")

    def wait_for_customer(self, client: int, n: int) -> str:
        """Wait until the customer of a client's nth write is not written any more."""
        writes = self.acknowledged[client]
        wait_for(lambda: len(writes) > n + WRITES_EACH, f"write {n}")
        return writes[n].customer

    def erase(self, customer: str) -> None:
        answer = httpx.delete(f"{self.url}{PATH}/customers/{customer}", timeout=PATIENCE)
        assert answer.status_code == httpx.codes.NO_CONTENT, answer.text
        self.erased.add(customer)

    def _n_acknowledged(self) -> int:
        return sum(map(len, self.acknowledged))

    def _write_all(self, client: int) -> None:
        with httpx.Client(base_url=self.url, timeout=PATIENCE) as http:
            for n in count():
                if self.is_over.is_set():
                    return
                customer, spent = f"client-{client}-{n // WRITES_EACH}", n / 4
                version = self._write(http, customer, spent, key=f"{client}-{n}")
                self.acknowledged[client].append(
                    Write(customer=customer, spent=spent, version=version)
                )
                time.sleep(PAUSE)

    def _write(self, http: httpx.Client, customer: str, spent: float, key: str) -> int | None:
        """Repeat a write until it is acknowledged; return its version."""
        body = {"customers": [{"customer_id": customer, "spent": spent}]}
        while True:
            try:
                answer = http.post(f"{PATH}/customers", json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                time.sleep(MAX_WAIT)
                continue
            self.statuses.add(answer.status_code)
            if answer.is_success:
                return answer.json()["dataset_version"]
            if answer.json()["type"] == "/problems/answer-forgotten":
                return None
            assert answer.status_code in {503, 507}, answer.text
            time.sleep(min(MAX_WAIT, float(answer.headers.get("Retry-After", MAX_WAIT))))


def kill_api_processes(service: ForkedService, clients: Clients, n_times: int) -> None:
    for n in range(n_times):
        clients.wait_for_writes(20)
        service.work("shop")
        if n % 2:
            service.restart_after_commit()
        else:
            service.restart(1 + n // 2 % N_PROCESSES)
    clients.wait_for_writes(20)


def kill_folds(service: ForkedService, clients: Clients, n_times: int) -> None:
    for n in range(n_times):
        clients.wait_for_writes(20)
        assert service.work("shop", killed_at=1 + n % FOLD_STEPS) == -signal.SIGKILL


def kill_erasures(service: ForkedService, clients: Clients, n_times: int) -> None:
    for n in range(n_times):
        clients.wait_for_writes(20)
        clients.erase(f"known-{n}" if n % 2 else clients.wait_for_customer(n % CLIENTS, n))
        service.work("shop", killed_at=1 + 3 * n)


def fill_disk(service: ForkedService, clients: Clients, n_times: int) -> None:  # noqa: ARG001 - the signature of all faults
    clients.wait_for_writes(20)
    service.max_pages.value = 1
    wait_for(lambda: httpx.codes.INSUFFICIENT_STORAGE in clients.statuses, "a full disk")
    service.max_pages.value = MAX_PAGES
    clients.wait_for_writes(20)


def restart_postgresql(service: ForkedService, clients: Clients, n_times: int) -> None:
    for _ in range(n_times):
        clients.wait_for_writes(20)
        service.postgresql.stop()
        service.postgresql.start()
    clients.wait_for_writes(20)


# How often each is tried, and with --soak.
FAULTS = {
    kill_api_processes: (5, 50),
    kill_folds: (5, 50),
    kill_erasures: (5, 50),
    fill_disk: (1, 1),
    restart_postgresql: (2, 20),
}


@dataclass(frozen=True, kw_only=True)
class History:
    """The acknowledged writes of each client, and what the service has kept of them."""

    fault: str
    acknowledged: list[list[Write]]
    erased: set[str]
    changes: list[dict]
    customers: dict[str, float]
    n_customers: int
    n_versions: int
    files: list[str]


@pytest.fixture(scope="module")
def service(fault, pytestconfig, at_home, tmp_path_factory) -> Iterator[ForkedService]:
    """API processes on a database of the kind that the fault needs."""
    home = tmp_path_factory.mktemp("faults") / "home"
    if fault is fill_disk and pytestconfig.getoption("--database") != "sqlite":
        pytest.skip("only SQLite has a limit of its size")
    with ExitStack() as stack:
        if fault is restart_postgresql:
            postgresql = stack.enter_context(running_postgresql(tmp_path_factory.mktemp("runtime")))
            settings = Settings(home=home, database_url=postgresql.new(), **SETTINGS)
        else:
            postgresql, settings = None, at_home(home, **SETTINGS)
        make_embedded(settings)
        yield stack.enter_context(ForkedService.running(settings, postgresql))


@pytest.fixture(scope="module", params=FAULTS, ids=lambda fault: fault.__name__)
def fault(request):
    return request.param


@pytest.fixture(scope="module")
def history(fault, pytestconfig, service) -> History:
    n_times = FAULTS[fault][pytestconfig.getoption("--soak")]
    put_known(service.url)
    clients = Clients(service.url)
    with clients.writing():
        fault(service, clients, n_times)
    assert service.work("shop") == 0
    return read_history(fault.__name__.replace("_", " "), service, clients)


def put_known(url: str) -> None:
    table = "customer_id,spent\n" + "".join(f"{each},{spent}\n" for each, spent in KNOWN.items())
    headers = {"Content-Type": "text/csv"}
    httpx.put(f"{url}{PATH}", content=table, headers=headers, timeout=PATIENCE).raise_for_status()


def read_history(fault: str, service: ForkedService, clients: Clients) -> History:
    with httpx.Client(base_url=service.url, timeout=PATIENCE) as http:
        changes = list_all(http, f"{PATH}/changes", "changes", ("after", "after"))
        rows = list_all(http, f"{PATH}/customers", "customers", ("page_token", "next_page_token"))
        n_customers = http.get(PATH).json()["n_customers"]
    n_versions, files = sweep(service)
    return History(
        fault=fault,
        acknowledged=clients.acknowledged,
        erased=clients.erased,
        changes=changes,
        customers={row["customer_id"]: row["spent"] for row in rows},
        n_customers=n_customers,
        n_versions=n_versions,
        files=files,
    )


def list_all(http: httpx.Client, path: str, noun: str, cursor: tuple[str, str]) -> list[dict]:
    """List all pages; `cursor` names a query parameter and the field that has its next value."""
    parameter, name = cursor
    found, query = [], {}
    while True:
        page = http.get(path, params={"page_size": 1_000, **query}).raise_for_status().json()
        found += page[noun]
        if not page.get("more", name in page):
            return found
        query = {parameter: page[name]}


def sweep(service: ForkedService) -> tuple[int, list[str]]:
    """Remove orphaned files; return the number of stored versions, and the files of tables."""
    stores = open_stores(service.settings)
    with closing(stores.database):
        remove_orphaned_files(stores, find_orphaned_files(stores, grace=-1.0))
        with stores.database.reading() as session:
            [dataset] = repository.list_all(session)
            n_versions = len(repository.list_versions(session, dataset.id))
        return n_versions, [path for path, _ in stores.tables.files.changes()]


def test_the_dataset_has_the_last_value_of_each_customer_who_is_not_erased(history, reached):
    last = {each.customer: each.spent for writes in history.acknowledged for each in writes}
    kept = {key: spent for key, spent in (KNOWN | last).items() if key not in history.erased}
    n_lost = len(kept.items() - history.customers.items())
    reached(f"{history.fault}: customers whose last value is lost", n_lost, times=len(kept))
    assert (history.customers, history.n_customers) == (kept, len(kept))


def test_the_feed_lists_each_write_once_in_the_order_of_its_client(history):
    for client, writes in enumerate(history.acknowledged):
        sent = [each.customer for each in writes if each.customer not in history.erased]
        assert [
            change["customer_id"]
            for change in history.changes
            if change["change"] == "upserted"
            and change["customer_id"].startswith(f"client-{client}-")
        ] == sent


def test_the_feed_has_no_gaps_and_nothing_but_the_writes(history, reached):
    n_changes = 1 + sum(map(len, history.acknowledged)) + len(history.erased)
    n_doubled = abs(len(history.changes) - n_changes)
    reached(f"{history.fault}: writes lost or doubled", n_doubled, times=n_changes)
    assert [change["seq"] for change in history.changes] == [*range(1, n_changes + 1)]


def test_a_repeated_write_is_answered_with_the_number_of_the_first(history):
    listed = {(change["dataset_version"], change["customer_id"]) for change in history.changes}
    for writes in history.acknowledged:
        numbered = [each for each in writes if each.version is not None]
        assert all(before.version < after.version for before, after in pairwise(numbered))
        assert listed.issuperset(
            (each.version, each.customer)
            for each in numbered
            if each.customer not in history.erased
        )


def test_an_erased_customer_is_listed_as_deleted_once(history):
    deleted = [change for change in history.changes if change["change"] == "deleted"]
    assert sorted(filter(None, (change["customer_id"] for change in deleted))) == sorted(
        history.erased
    )


def test_a_sweep_leaves_no_file_that_nothing_names(history):
    names = [path.rpartition("/")[2] for path in history.files if "_delta_log" not in path]
    tables = {name.removesuffix(".parquet") for name in names if name.endswith(".parquet")}
    others = [name for name in names if not name.endswith(".parquet")]
    assert len(tables) == history.n_versions
    assert {name.removesuffix(".arrow") for name in others} <= tables
