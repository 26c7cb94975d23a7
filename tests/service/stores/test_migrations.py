import subprocess
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from service.auth import rows as _access  # noqa: F401 - to know every room's rows
from service.datasets import rows as _datasets  # noqa: F401
from service.jobs import rows as _jobs  # noqa: F401
from service.registry import rows as _registry  # noqa: F401
from service.stores.database import Base, Database
from service.stores.migrations import MIGRATIONS, revisions
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

MIGRATE = """
import sys
from service.stores.database import Database
print("ready", flush=True)
sys.stdin.readline()
print(Database(sys.argv[1]).migrate(), end="")
"""


@pytest.fixture
def unmigrated(database) -> Database:
    """A database without any table."""
    downgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    return database


def start(command):
    return subprocess.Popen(  # noqa: S603 - our own script
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def downgrade(database):
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


def test_the_steps_are_those_that_alembic_would_go():
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions("base", "heads")
    assert revisions() == tuple(script.revision for script in scripts)[::-1]


def differences(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)


def tables(database):
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_rows(database):
    assert differences(database) == []


def test_going_back_leaves_no_table(database):
    downgrade(database)
    assert tables(database) == set()


def test_going_back_and_forth_makes_the_same_tables(database):
    downgrade(database)
    database.migrate()
    assert differences(database) == []


def test_a_migration_returns_whether_the_database_was_empty(unmigrated):
    assert [unmigrated.migrate(), unmigrated.migrate()] == [True, False]


def test_a_schema_of_a_later_release_is_unchanged(database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later'")
    assert (database.migrate(), database.state()) == (False, "ok")


def test_of_processes_that_migrate_at_once_one_makes_the_schema(unmigrated):
    address = unmigrated.engine.url.render_as_string(hide_password=False)
    processes = [start([sys.executable, "-c", MIGRATE, address]) for _ in range(4)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(process.communicate()[0] for process in processes) == [
        "False",
        "False",
        "False",
        "True",
    ]
