"""Customer tables on the disk."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.errors import TableBusy, TableChangedElsewhere, TableGone
from service.storage import LocalStorage
from service.stores import lookup
from service.stores.delta import DeltaDirectory, dataset_of
from service.stores.tables import ATTEMPTS, Tables
from tests.support.fakes import Interrupted
from tests.support.paths import ROOT

PATH = "default/3f1c"
ODD = ["Annual Income (k$)", "Größe, cm", "a.b", "a", "50 %", "tick`s", 'quo"te', "{x};=y", "名前"]


SCRIPT = """
import sys
import pyarrow as pa
from service.stores.tables import Tables
tables = Tables(sys.argv[1])
"""


def run(script, *arguments):
    command = [sys.executable, "-c", SCRIPT + script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own script


@pytest.fixture
def tables(tmp_path):
    return Tables(tmp_path / "with space % é")


@pytest.fixture
def customers():
    return pa.table(
        {"customer_id": ["b", "a", None], "age": [30.0, None, 1e300], "town": ["Ulm", "", None]}
    )


def decoded(file):
    """Give what a file says: the cells of a Parquet file, the bytes of any other."""
    return (
        str(pq.read_table(file).to_pydict()).encode()
        if file.suffix == ".parquet"
        else file.read_bytes()
    )


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_table_is_read_as_it_was_written(tables, customers):
    version = tables.replace(PATH, customers)
    assert tables.read(PATH, version).equals(customers)


def test_every_version_stays_readable(tables, customers):
    versions = [tables.replace(PATH, customers.slice(n)) for n in range(3)]
    assert [tables.read(PATH, version).num_rows for version in versions] == [3, 2, 1]


def test_another_schema_replaces_the_old_one(tables, customers):
    tables.replace(PATH, customers)
    other = pa.table({"age": ["old"], "customer_id": ["z"]})
    assert tables.read(PATH, tables.replace(PATH, other)).equals(other)


def test_rows_keep_their_order(tables):
    ordered = pa.table({"customer_id": [f"c{n * 7919 % 300_007}" for n in range(300_000)]})
    assert tables.read(PATH, tables.replace(PATH, ordered)).equals(ordered)


@pytest.mark.parametrize("names", [ODD, ODD[::-1]])
def test_unusual_headers_are_kept(tables, names):
    odd = pa.table({name: [float(n)] for n, name in enumerate(names)})
    assert tables.read(PATH, tables.replace(PATH, odd)).equals(odd)


@pytest.mark.parametrize("columns", [[name] for name in ODD] + [["a.b", "a"], []])
def test_chosen_columns_come_in_the_chosen_order(tables, columns):
    odd = pa.table({name: [float(n)] for n, name in enumerate(ODD)})
    assert tables.read(PATH, tables.replace(PATH, odd), columns).column_names == columns


def test_duckdb_and_polars_read_the_table_from_disk(tmp_path, customers):
    Tables(tmp_path).replace(PATH, customers)
    [file] = tmp_path.rglob("*.parquet")
    by_duckdb = duckdb.sql(
        "SELECT * FROM read_parquet($file)", params={"file": str(file)}
    ).fetchall()
    by_polars = pl.read_delta(str(tmp_path / PATH)).rows()
    assert by_polars == by_duckdb == list(zip(*customers.to_pydict().values(), strict=True))


def test_the_log_names_no_customer(tables, tmp_path):
    for name in ("zanzibar", "quetzal"):
        tables.replace(PATH, pa.table({"customer_id": [name], "age": [8311.0]}))
    log = b"".join(path.read_bytes() for path in files(tmp_path) if "_delta_log" in path.parts)
    assert not any(secret in log for secret in (b"zanzibar", b"quetzal", b"8311"))


@pytest.mark.parametrize("version", [0, 99])
def test_a_table_that_was_never_written_is_gone(tables, version):
    with pytest.raises(TableGone):
        tables.read(PATH, version)


def test_a_version_that_was_never_written_is_gone(tables, customers):
    version = tables.replace(PATH, customers)
    with pytest.raises(TableGone):
        tables.read(PATH, version + 1)


def test_a_version_whose_files_were_removed_raises_table_gone(tables, tmp_path, customers):
    version = tables.replace(PATH, customers)
    next(tmp_path.rglob("*.parquet")).unlink()
    with pytest.raises(TableGone):
        tables.read(PATH, version)


def test_a_dropped_table_leaves_no_file(tables, tmp_path, customers):
    tables.replace(PATH, customers)
    tables.drop(PATH)
    assert files(tmp_path) == []


def test_dropping_leaves_the_other_tables(tables, customers):
    version = tables.replace(PATH, customers)
    tables.replace("default/other", customers)
    tables.drop("default/other")
    assert tables.read(PATH, version).equals(customers)


def test_dropping_an_absent_table_is_no_error(tables):
    tables.drop(PATH)
    assert not tables.exists(PATH)


def test_a_table_exists_from_its_first_write_to_its_drop(tables, customers):
    seen = [tables.exists(PATH)]
    tables.replace(PATH, customers)
    seen.append(tables.exists(PATH))
    tables.drop(PATH)
    assert [*seen, tables.exists(PATH)] == [False, True, False]


def test_a_dropped_table_can_be_written_again(tables, customers):
    tables.replace(PATH, customers)
    tables.drop(PATH)
    assert tables.read(PATH, tables.replace(PATH, customers)).equals(customers)


@pytest.mark.parametrize("started", [False, True])
def test_of_replacements_at_once_each_keeps_its_own_version(tables, customers, started):
    if started:
        tables.replace(PATH, customers)
    contents = [pa.table({"customer_id": [f"{n}"]}) for n in range(6)]
    with ThreadPoolExecutor(3) as pool:
        versions = list(pool.map(lambda content: tables.replace(PATH, content), contents))
    assert [tables.read(PATH, version) for version in versions] == contents


@pytest.mark.slow
def test_processes_that_replace_at_once_lose_nothing(tmp_path):
    replacing = (
        "for n in range(4):\n"
        "    mine = pa.table({'customer_id': [sys.argv[2] + str(n)]})\n"
        "    assert tables.read('t', tables.replace('t', mine)).equals(mine)\n"
    )
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda name: run(replacing, tmp_path, name), "ab"))
    assert codes == [0, 0]


@pytest.mark.slow
@pytest.mark.costly
def test_a_plain_script_that_reads_exits_cleanly_every_time(tmp_path, customers, pytestconfig):
    n_times = 10 if pytestconfig.getoption("--soak") else 2
    version = Tables(tmp_path).replace(PATH, customers)
    reading = "tables.read(sys.argv[2], int(sys.argv[3]))"
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda _: run(reading, tmp_path, PATH, version), range(n_times)))
    assert codes == [0] * n_times


def test_a_busy_table_is_retried_with_growing_pauses_before_an_error(tmp_path, customers):
    pauses = []
    tables = Tables(tmp_path, sleep=pauses.append)
    tables.replace(PATH, customers)

    def overtaken(table):
        tables.replace(PATH, customers)
        return table

    with pytest.raises(TableBusy):
        tables.modify(PATH, overtaken)
    assert (len(pauses), pauses[0] < pauses[-1]) == (ATTEMPTS, True)


def test_rows_deleted_elsewhere_are_never_read_back(tmp_path):
    class Delta:
        def deletion_vectors(self):
            return pa.table({"filepath": ["part-0.parquet"]})

    with pytest.raises(TableChangedElsewhere):
        dataset_of(DeltaDirectory(LocalStorage(tmp_path), PATH), Delta())


def test_a_conflicting_change_is_retried_on_the_version_of_the_other_write(tables, customers):
    tables.replace(PATH, customers)
    interrupted = []

    def change(table):
        if not interrupted:
            interrupted.append(tables.replace(PATH, customers.slice(1)))
        return table.slice(1)

    tables.modify(PATH, change)
    assert tables.read(PATH).equals(customers.slice(2))


def test_batches_start_at_any_row(tables, customers):
    version = tables.replace(PATH, customers)
    rest = pa.Table.from_batches(tables.batches(PATH, version, start=1), customers.schema)
    assert rest.equals(customers.slice(1))


def test_a_purged_version_is_gone_and_retained_ones_are_readable(tables, customers):
    versions = [tables.replace(PATH, customers.slice(n)) for n in range(3)]
    tables.purge(PATH, keep=[versions[1]])
    assert tables.read(PATH, versions[1]).equals(customers.slice(1))
    assert tables.read(PATH).equals(customers.slice(1))
    for gone in (versions[0], versions[2]):
        with pytest.raises(TableGone):
            tables.read(PATH, gone)


def test_purged_texts_are_nowhere_on_the_disk(tables, tmp_path):
    tables.replace(PATH, pa.table({"id": ["Zanzibar-77", "b"]}))
    tables.modify(PATH, lambda table: table.slice(1))
    tables.purge(PATH)
    assert not [
        file for file in tmp_path.rglob("*") if file.is_file() and b"Zanzibar" in decoded(file)
    ]


def test_a_lookup_file_written_while_its_version_is_purged_is_removed(
    tables, customers, monkeypatch, tmp_path
):
    old, new = (tables.replace(PATH, customers) for _ in range(2))
    write = lookup.write

    def purge_and_write(*arguments):
        tables.purge(PATH, keep=[new])
        write(*arguments)

    monkeypatch.setattr(lookup, "write", purge_and_write)
    with pytest.raises(TableGone):
        tables.lookup(PATH, old)
    assert not [*tmp_path.rglob("*.arrow*")]


def test_a_purge_removes_a_lookup_file_that_is_written_meanwhile(tables, customers, tmp_path):
    old, new = (tables.replace(PATH, customers) for _ in range(2))
    left = [lambda: tables.lookup(PATH, old)]
    tables.files = Interrupted(tables.files, "remove_file", lambda: left and left.pop()())
    tables.purge(PATH, keep=[new])
    assert not [*tmp_path.rglob("*.arrow*")]


def test_writers_and_purges_that_overlap_lose_nothing(tables):
    tables.replace(PATH, pa.table({"id": pa.array([], pa.string())}))

    def work(n):
        tables.modify(PATH, lambda table: pa.concat_tables([table, pa.table({"id": [str(n)]})]))
        tables.purge(PATH)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(12)))
    assert sorted(tables.read(PATH)["id"].to_pylist(), key=int) == [str(n) for n in range(12)]


def test_a_table_written_batch_by_batch_is_the_same_table(tables, customers):
    tables.write(PATH, customers.schema, lambda: customers.to_batches(max_chunksize=1))
    assert tables.read(PATH).equals(customers)


def test_the_rows_of_many_chunks_keep_their_order(tables):
    numbers = pa.table({"n": pa.chunked_array([[float(n)] * 1000 for n in range(50)])})
    assert tables.read(PATH, tables.replace(PATH, numbers)).equals(numbers)


def test_a_write_that_breaks_off_leaves_no_file(tables, customers, tmp_path):
    def broken():
        yield customers.to_batches()[0]
        raise OSError("the disk is full")

    tables.replace(PATH, customers)
    before = files(tmp_path)
    with pytest.raises(OSError, match="full"):
        tables.write(PATH, customers.schema, broken)
    assert files(tmp_path) == before
