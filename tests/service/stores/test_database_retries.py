"""A PostgreSQL that refuses, deadlocks and breaks connections, and what is done again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import event, text

from service.stores.database import ATTEMPTS, Database, DatabaseUnavailable

AWAY = "postgresql+psycopg://nobody:hushhush@127.0.0.1:9/none"
COUNT = text("INSERT INTO counted (n) VALUES (1)")


@pytest.fixture
def counting(postgresql):
    """A database with a table to count in."""
    address = postgresql.new()
    database = Database(address, sleep=lambda _: None)
    with database.writing() as session:
        session.execute(text("CREATE TABLE counted (n INTEGER)"))
        session.execute(text("INSERT INTO counted (n) VALUES (0)"))
        session.execute(text("CREATE TABLE other (n INTEGER)"))
        session.execute(text("INSERT INTO other (n) VALUES (0)"))
    yield database
    database.close()
    postgresql.drop(address)


@pytest.fixture
def cut_off(counting, postgresql) -> Callable[[str], None]:
    """Break the connection of the next transaction when it comes to an event."""

    def prepare(moment: str) -> None:
        left = [True]

        def cut(connection, *_) -> None:
            if left and left.pop():
                [pid] = connection.connection.cursor().execute("SELECT pg_backend_pid()").fetchone()
                postgresql.cut_off(pid)

        event.listen(counting.engine, moment, cut)

    return prepare


def counted(database) -> int:
    with database.reading() as session:
        return session.scalar(text("SELECT count(*) FROM counted WHERE n = 1"))


def test_a_transaction_whose_connection_breaks_is_retried(counting, cut_off):
    def act(session) -> None:
        session.execute(COUNT)
        if not tries:
            cut_off("before_cursor_execute")
        tries.append(None)
        session.execute(text("SELECT 1"))

    tries = []
    counting.write(act)
    assert (len(tries), counted(counting)) == (2, 1)


def test_a_commit_that_was_not_acknowledged_is_not_done_again(counting, cut_off):
    tries = []
    cut_off("commit")
    with pytest.raises(DatabaseUnavailable):
        counting.write(lambda session: tries.append(session.execute(COUNT)))
    assert len(tries) == 1


def test_a_repeatable_transaction_is_retried_after_an_unacknowledged_commit(counting, cut_off):
    tries = []
    cut_off("commit")
    counting.write(lambda session: tries.append(session.execute(COUNT)), repeatable=True)
    assert len(tries) == 2


def test_both_transactions_of_a_deadlock_commit_in_the_end(counting):
    barrier, first = Barrier(2), [True, True]

    def act(session, tables: tuple[str, str], number: int) -> None:
        session.execute(text(f"UPDATE {tables[0]} SET n = n + 2"))  # noqa: S608 - our own names
        if first[number]:
            first[number] = False
            barrier.wait()
        session.execute(text(f"UPDATE {tables[1]} SET n = n + 2"))  # noqa: S608 - our own names

    orders = [("counted", "other"), ("other", "counted")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: counting.write(lambda session: act(session, orders[n], n)), (0, 1)))
    with counting.reading() as session:
        assert session.scalar(text("SELECT counted.n + other.n FROM counted, other")) == 8


def test_retries_back_off_and_end():
    pauses = []
    with pytest.raises(DatabaseUnavailable):
        Database(AWAY, sleep=pauses.append).write(lambda session: session.execute(text("SELECT 1")))
    assert (len(pauses), pauses[0] < pauses[-1]) == (ATTEMPTS - 1, True)


def test_a_programming_error_is_not_retried(counting):
    tries = []

    def act(session) -> None:
        tries.append(None)
        session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(Exception, match="nowhere"):
        counting.write(act)
    assert len(tries) == 1


def test_no_error_shows_the_database_password():
    with pytest.raises(DatabaseUnavailable) as raised, Database(AWAY).reading() as session:
        session.execute(text("SELECT 1"))
    told = [str(raised.value), str(raised.value.__cause__), repr(raised.value.__cause__)]
    assert not any("hushhush" in each for each in told)


def test_a_lock_is_not_waited_for_without_end(postgresql):
    database = Database(postgresql.new())
    with database.reading() as session:
        limits = [
            session.scalar(text(f"SHOW {name}")) for name in ("lock_timeout", "statement_timeout")
        ]
    database.close()
    assert limits == ["30s", "1min"]


def test_an_address_may_set_other_limits(postgresql):
    database = Database(f"{postgresql.new()}&options=-clock_timeout%3D5s")
    with database.reading() as session:
        limit = session.scalar(text("SHOW lock_timeout"))
    database.close()
    assert limit == "5s"


@pytest.mark.parametrize(("revision", "state"), [("0001", "not-migrated"), ("9999", "ok")])
def test_a_schema_may_be_newer_than_the_release_and_never_older(database, revision, state):
    with database.writing() as session:
        session.execute(
            text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )
    assert database.state() == state
