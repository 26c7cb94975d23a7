"""API processes and workers that start quickly, as they are forked after all imports."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from typing import Self

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from bench.server import wait_for
from service.config import Settings
from service.datasets.fold import fold_dataset
from service.engine.supervisor import kill_when_parent_exits
from service.jobs import repository as jobs
from service.server.uvicorn_server import run_server
from service.stores import Stores, open_stores
from service.system.sockets import bind_sockets
from service.tasks import run_attempt
from tests.support.databases import Postgresql
from tests.support.fakes import Interrupted

N_PROCESSES = 2
MAX_PAGES = 2**31  # of the database, more than any test needs

context = get_context("forkserver")
context.set_forkserver_preload(
    [__name__, "service.stores.staged_write", "service.stores.table_purge"]
)


class ForkedService:
    """API processes on one port.

    Connections wait while there is no process. `max_pages` limits the size of a SQLite database,
    `postgresql` is the server of its database, if a test restarts it.
    """

    def __init__(self, settings: Settings, sockets, postgresql: Postgresql | None) -> None:
        self.settings = settings
        self.postgresql = postgresql
        self.url = "http://{}:{}".format(*sockets[0].getsockname())
        self.max_pages = context.Value("q", MAX_PAGES)
        self._n_to_die = context.Value("q", 0)
        self._sockets = sockets
        self._processes = [self._start() for _ in range(N_PROCESSES)]

    @classmethod
    @contextmanager
    def running(cls, settings: Settings, postgresql: Postgresql | None) -> Iterator[Self]:
        with bind_sockets("127.0.0.1", 0) as sockets:
            sockets[0].listen()
            service = cls(settings, sockets, postgresql)
            try:
                yield service
            finally:
                service.kill(N_PROCESSES)

    def kill(self, n: int) -> None:
        """Kill the API processes that started first."""
        for process in self._processes[:n]:
            process.kill()
            process.join()
        del self._processes[:n]

    def restart(self, n: int) -> None:
        """Kill the API processes that started first, and start as many."""
        self.kill(n)
        self._processes += [self._start() for _ in range(n)]

    def restart_after_commit(self) -> None:
        """Let an API process kill itself between a commit and its responses, and start another."""
        self._n_to_die.value = 1
        [dead, *_] = wait_for(
            lambda: [each for each in self._processes if each.exitcode is not None], "a commit"
        )
        self._processes.remove(dead)
        self._processes.append(self._start())

    def work(self, dataset: str, *, killed_at: int | None = None) -> int | None:
        """Fold a dataset and run all jobs in a worker; return its exit code."""
        worker = context.Process(target=work, args=(self.settings, dataset, killed_at), daemon=True)
        worker.start()
        worker.join()
        return worker.exitcode

    def _start(self):
        arguments = (self.settings, self._sockets, self.max_pages, self._n_to_die)
        process = context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        return process


def serve(settings: Settings, sockets, max_pages, n_to_die) -> None:
    """Serve on bound sockets.

    `max_pages` limits the size of a SQLite database; `n_to_die` processes kill themselves after
    their next commit.
    """
    kill_when_parent_exits(os.getppid())

    @event.listens_for(Engine, "begin")
    def limit(connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA max_page_count = {max_pages.value}")

    @event.listens_for(Session, "after_commit")
    def kill_itself_on_request(_) -> None:
        with n_to_die.get_lock():
            is_requested = n_to_die.value > 0
            n_to_die.value -= is_requested
        if is_requested:
            kill_itself()

    run_server(settings, sockets, load_sample=False)


def work(settings: Settings, dataset: str, killed_at: int | None) -> None:
    """Fold a dataset and run all jobs; this process kills itself at one of its steps."""
    stores = open_stores(settings)
    with closing(stores.database):
        stores = stores if killed_at is None else killed_in(stores, killed_at)
        fold_dataset(stores, "default", dataset)
        while queued := list_jobs(stores):
            for job in queued:
                run_attempt(stores, job, max_attempts=1_000)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def list_jobs(stores: Stores) -> list[str]:
    with stores.database.reading() as session:
        return jobs.list_unfinished_jobs(session, limit=100)


def killed_in(stores: Stores, nth: int) -> Stores:
    """Let this process kill itself at its nth step.

    The steps of a fold are: the table is read, its file is staged, it is committed to the Delta
    log, its row is committed. Further steps are each other transaction and each file that a purge
    removes.
    """
    left = iter(range(nth - 1))

    def step(*_) -> None:
        if next(left, None) is None:
            kill_itself()

    event.listen(Session, "before_commit", step)
    event.listen(Session, "after_commit", step)
    stores.tables.files = Interrupted(stores.tables.files, "remove_file", step)
    return replace(
        stores,
        tables=Interrupted(stores.tables, "stage", step),
        database=Interrupted(stores.database, "writing", step),
    )
