"""Tables and model files in an object store."""

import io
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSelector

from bench.server import ROOT, wait_for
from service.errors import TableGone
from service.storage import StorageUnavailable, open_storage
from service.stores.artifacts import MANIFEST, ArtifactDamaged, ArtifactRef, Artifacts
from service.stores.tables import Tables
from tests.support.s3_server import BUCKET, running_store
from tests.support.steps import (
    customers_of,
    erase,
    finished,
    fit,
    place,
    put_csv,
    run_of,
    running,
    upsert,
)

pytestmark = pytest.mark.slow

KEY = b"k" * 32
REF = ArtifactRef(tenant="default", model="m1", version=1, attempt=1)
FILES = {"pipeline.joblib": bytes(range(256)) * 8, "scorer.json": b'{"centers": [[1.5, 2.5]]}'}
ELSEWHERE = [
    replace(REF, **other)
    for other in ({"tenant": "t2"}, {"model": "m2"}, {"version": 2}, {"attempt": 2})
]
TABLE = pa.table(
    {"customer_id": ["b", "a", None], "age": [30.0, None, 1e300], "town": ["Ulm", "", None]}
)
PATH = "default/3f1c"
CANARY = "Zanzibar-77"
ROWS = "\n".join(f"c{n},{20 + n % 40},{n * 7 % 97}.25" for n in range(60))
SAVING = """
import sys
from service.stores.artifacts import ArtifactRef, Artifacts
store = Artifacts(sys.argv[1], b"k" * 32)
for version in range(1, 1_000_000):
    ref = ArtifactRef(tenant="default", model="m1", version=version, attempt=1)
    store.save(ref, {"pipeline.joblib": bytes(50_000), "scorer.json": bytes(50_000)}, {})
"""

every_file = pytest.mark.parametrize("name", [*FILES, MANIFEST])
everywhere_else = pytest.mark.parametrize(
    "other", ELSEWHERE, ids=["tenant", "model", "version", "attempt"]
)


@pytest.fixture(scope="module", autouse=True)
def bucket(tmp_path_factory):
    with running_store(tmp_path_factory.mktemp("bucket")) as store:
        yield store


@pytest.fixture
def root(name_of_its_own) -> str:
    return f"s3://{BUCKET}/{name_of_its_own}"


@pytest.fixture
def name_of_its_own(tmp_path) -> str:
    return tmp_path.name


@pytest.fixture
def files(root):
    return open_storage(root)


@pytest.fixture
def artifacts(root):
    artifacts = Artifacts(root, KEY)
    artifacts.save(REF, FILES, {})
    return artifacts


@pytest.fixture
def tables(root):
    return Tables(root)


@pytest.fixture(scope="module")
def served(at_home, tmp_path_factory):
    """A service that keeps nothing but its metadata on this machine, and a customer of it."""
    places = {
        "tables": f"s3://{BUCKET}/served/tables",
        "artifacts": f"s3://{BUCKET}/served/artifacts",
    }
    with running(at_home(tmp_path_factory.mktemp("served"), **places)) as client:
        put_csv(client, "shop", f"customer_id,age,spent\n{ROWS}\n{CANARY},64,8311.5")
        fit(client, "shop", dataset="shop", k=3, features=["age", "spent"])
        yield client


def write(files, path: str, data: bytes) -> None:
    with files.arrow.open_output_stream(path) as file:
        file.write(data)


def everything(files) -> list[str]:
    found = files.arrow.get_file_info(FileSelector("", recursive=True, allow_not_found=True))
    return [each.path for each in found if each.is_file]


def told(files, path: str) -> str:
    """Give what an object says: the cells of a Parquet file, the bytes of any other."""
    data = files.read(path)
    return str(pq.read_table(io.BytesIO(data)).to_pydict()) if data[:4] == b"PAR1" else repr(data)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def loaded(artifacts, ref=REF) -> dict[str, bytes]:
    read = {}
    for name in (*FILES, MANIFEST):
        with suppress(ArtifactDamaged):
            read[name] = artifacts.read(ref, name)
    return read


def test_files_are_read_as_they_were_saved(artifacts):
    assert loaded(artifacts) == FILES


@pytest.mark.usefixtures("artifacts")
def test_objects_are_listed_with_the_time_of_their_last_change_and_removed_one_by_one(files):
    path = f"{REF.directory()}/{MANIFEST}"
    before = dict(files.changes())
    files.remove_file(path)
    files.remove_file(path)
    assert abs(before[path] - time.time()) < 3600
    assert dict(files.changes()).keys() == before.keys() - {path}


@pytest.mark.damage
@every_file
def test_no_flipped_bit_of_an_object_is_ever_loaded(artifacts, files, name, n_flips):
    path = f"{REF.directory()}/{name}"
    whole = files.read(path)
    victims = FILES if name == MANIFEST else [name]
    let_through = []
    for bit in random.Random(name).choices(range(8 * len(whole)), k=max(10, n_flips // 10)):  # noqa: S311 - no secret
        write(files, path, flipped(whole, bit))
        let_through += [(bit, victim) for victim in victims if victim in loaded(artifacts)]
    assert let_through == []


@everywhere_else
def test_objects_that_belong_elsewhere_are_refused(artifacts, files, other):
    for name in (*FILES, MANIFEST):
        write(files, f"{other.directory()}/{name}", files.read(f"{REF.directory()}/{name}"))
    assert loaded(artifacts, other) == {}


@everywhere_else
def test_an_object_swapped_with_that_of_another_fit_is_refused(artifacts, files, other):
    artifacts.save(other, {name: data[::-1] for name, data in FILES.items()}, {})
    for name in FILES:
        write(files, f"{REF.directory()}/{name}", files.read(f"{other.directory()}/{name}"))
    assert loaded(artifacts) == {}


@every_file
def test_a_missing_object_is_refused(artifacts, files, name):
    files.arrow.delete_file(f"{REF.directory()}/{name}")
    assert name not in loaded(artifacts)


def test_without_its_manifest_no_object_is_read(artifacts, files):
    files.arrow.delete_file(f"{REF.directory()}/{MANIFEST}")
    assert loaded(artifacts) == {}


def test_saved_files_are_never_overwritten(artifacts):
    with pytest.raises(OSError, match="not empty"):
        artifacts.save(REF, dict.fromkeys(FILES, b"other"), {})
    assert loaded(artifacts) == FILES


def test_discarding_earlier_attempts_keeps_later_ones(artifacts, files):
    for attempt in (2, 3):
        artifacts.save(replace(REF, attempt=attempt), FILES, {})
    artifacts.discard_before(replace(REF, attempt=2))
    assert sorted(files.names(REF.parent())) == ["2", "3"]


def test_discarding_a_version_leaves_all_others(artifacts):
    later = replace(REF, version=11)
    artifacts.save(later, FILES, {})
    artifacts.discard_version(REF)
    assert (loaded(artifacts), loaded(artifacts, later)) == ({}, FILES)


def test_a_killed_save_leaves_whole_files_or_none(root, files):
    store = Artifacts(root, KEY)
    with subprocess.Popen([sys.executable, "-c", SAVING, root], cwd=ROOT) as saving:  # noqa: S603 - our own script
        wait_for(lambda: len(files.names("default/m1")) > 3, "some versions")
        saving.kill()
    for version in files.names("default/m1"):
        read = loaded(store, replace(REF, version=int(version)))
        assert read in ({}, dict.fromkeys(FILES, bytes(50_000)))


def test_a_table_is_read_as_it_was_written(tables):
    assert tables.read(PATH, tables.replace(PATH, TABLE)).equals(TABLE)


def test_every_version_stays_readable_until_it_is_purged(tables):
    versions = [tables.replace(PATH, TABLE.slice(n)) for n in range(3)]
    before = [tables.read(PATH, version).num_rows for version in versions]
    tables.purge(PATH, keep=[versions[1]])
    assert (before, tables.read(PATH, versions[1]).num_rows) == ([3, 2, 1], 2)
    with pytest.raises(TableGone):
        tables.read(PATH, versions[0])


def test_writers_at_once_lose_nothing(tables):
    tables.replace(PATH, pa.table({"id": pa.array([], pa.string())}))

    def add(n: int) -> None:
        tables.modify(PATH, lambda table: pa.concat_tables([table, pa.table({"id": [str(n)]})]))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(6)))
    assert sorted(tables.read(PATH)["id"].to_pylist()) == [str(n) for n in range(6)]


def test_batches_start_at_any_row(tables):
    rest = pa.Table.from_batches(
        tables.batches(PATH, tables.replace(PATH, TABLE), start=1), TABLE.schema
    )
    assert rest.equals(TABLE.slice(1))


def test_a_dropped_table_leaves_no_object(tables, files):
    tables.replace(PATH, TABLE)
    tables.replace(f"{PATH}0", TABLE)
    tables.drop(PATH)
    assert (tables.exists(PATH), tables.exists(f"{PATH}0")) == (False, True)
    assert not [path for path in everything(files) if path.startswith(f"{PATH}/")]


def test_a_write_that_breaks_off_leaves_no_object(tables, files):
    def broken():
        yield TABLE.to_batches()[0]
        raise KeyError

    tables.replace(PATH, TABLE)
    before = everything(files)
    with pytest.raises(KeyError):
        tables.write(PATH, TABLE.schema, broken)
    assert sorted(everything(files)) == sorted(before)


def test_a_service_assigns_customers_by_a_model_in_the_object_store(served):
    assert place(served, "shop", {"age": 30, "spent": 50})["assignments"][0]["segment"].startswith(
        "seg_"
    )


def test_a_customer_who_is_changed_is_read_back_changed(served):
    upsert(served, "shop", {"customer_id": "c1", "age": 99})
    assert [row["age"] for row in customers_of(served, "shop") if row["customer_id"] == "c1"] == [
        99.0
    ]


def test_a_run_writes_its_table_to_the_object_store(served):
    run = run_of(served, "shop", "shop")["run"]
    rows = served.get(
        f"/v1/models/shop/versions/production/assignment-runs/{run}/assignments?format=csv"
    ).text
    assert len(rows.splitlines()) - 1 == len(customers_of(served, "shop"))


def test_an_erased_customer_is_in_no_object(served):
    finished(served, erase(served, "shop", CANARY))
    files = open_storage(f"s3://{BUCKET}/served")
    assert not [path for path in everything(files) if CANARY in told(files, path)]
    assert all(row["customer_id"] != CANARY for row in customers_of(served, "shop"))


def test_deleted_resources_leave_no_object(served):
    put_csv(served, "gone", f"customer_id,age,spent\n{ROWS}")
    fit(served, "gone", dataset="gone", k=2, features=["age", "spent"])
    files = open_storage(f"s3://{BUCKET}/served")
    before = len(everything(files))
    assert served.delete("/v1/models/gone").status_code == 204
    assert served.delete("/v1/datasets/gone").status_code == 204
    assert before - len(everything(files)) >= 3


def test_an_unreachable_store_is_distinguished_from_damage(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = f"s3://{BUCKET}/away"
    with pytest.raises(StorageUnavailable):
        Artifacts(away, KEY).read(REF, "scorer.json")
    with pytest.raises(StorageUnavailable):
        Tables(away).replace(PATH, TABLE)
    assert not Tables(away).answers()
