"""What the stores promise to those who reach them through the api."""

import random

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from service.config import Settings
from service.stores import open_stores
from service.stores.artifacts import ArtifactDamaged, ArtifactRef
from tests.support.steps import INCOME, SCORE, fit, put_csv

REF = ArtifactRef(tenant="default", model="m", version=1, attempt=1)
KEY = "s" * 32
USES = {
    "scorer.json": lambda client: client.post(
        "/v1/models/m/assignments", json={"customers": [{INCOME: 60, SCORE: 50}]}
    ),
    "pipeline.joblib": lambda client: client.get("/v1/models/m/versions/1/artifact"),
}

every_file = pytest.mark.parametrize("name", USES)


@pytest.fixture
def fitted(client, sample_csv):
    """A service with a model that has never been used."""
    put_csv(client, "sample", sample_csv)
    fit(client, "m")
    return client


@pytest.fixture
def damage(settings):
    """Flip one bit of the one stored file of this name."""

    def flip(name):
        [path] = settings.artifacts_directory().rglob(name)
        data = bytearray(path.read_bytes())
        bit = random.randrange(8 * len(data))  # noqa: S311 - no secret
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)

    return flip


def read_elsewhere(**asked):
    return open_stores(Settings(**asked)).artifacts.read(REF, "f")


@every_file
def test_a_file_with_a_flipped_bit_is_answered_with_a_problem(fitted, damage, name):
    damage(name)
    answer = USES[name](fitted)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/artifact-damaged")


@every_file
def test_a_file_with_a_flipped_bit_leaves_the_other_usable(fitted, damage, name):
    damage(name)
    [other] = USES.keys() - {name}
    assert USES[other](fitted).status_code == 200


@every_file
def test_a_manifest_with_a_flipped_bit_makes_both_files_useless(fitted, damage, name):
    damage("manifest.json")
    assert USES[name](fitted).status_code == 500


def test_stores_of_one_home_trust_each_other(tmp_path):
    open_stores(Settings(home=tmp_path)).artifacts.save(REF, {"f": b"bytes"}, {})
    assert read_elsewhere(home=tmp_path) == b"bytes"


def test_a_store_trusts_no_other_homes_signature(tmp_path):
    open_stores(Settings(home=tmp_path / "one")).artifacts.save(REF, {"f": b"bytes"}, {})
    with pytest.raises(ArtifactDamaged):
        read_elsewhere(home=tmp_path / "two", artifacts=tmp_path / "one" / "artifacts")


def test_a_key_in_the_settings_overrides_the_key_file(tmp_path):
    open_stores(Settings(home=tmp_path / "one", signing_key=KEY)).artifacts.save(
        REF, {"f": b"bytes"}, {}
    )
    given = read_elsewhere(
        home=tmp_path / "two", artifacts=tmp_path / "one" / "artifacts", signing_key=KEY
    )
    assert (given, list(tmp_path.rglob("*.key"))) == (b"bytes", [])


def test_the_signing_key_is_stored_outside_the_artifacts(settings):
    assert settings.artifacts_directory() not in settings.signing_key_path().parents


def test_duckdb_and_polars_read_a_dataset_from_disk(client, settings, sample_csv):
    put_csv(client, "sample", sample_csv)
    [path] = settings.tables_directory().glob("default/*")
    files = DeltaTable(path).file_uris()
    by_duckdb = duckdb.sql("SELECT * FROM read_parquet($files)", params={"files": files})
    assert by_duckdb.fetchall() == pl.read_delta(str(path)).rows() != []


def test_a_dataset_put_twice_is_two_versions_of_one_table(client, settings, sample_csv):
    for csv in (sample_csv, "customer_id,a\n1,2\n2,3\n"):
        put_csv(client, "sample", csv)
    [path] = settings.tables_directory().glob("default/*")
    latest = DeltaTable(path).version()
    assert [
        pl.read_delta(str(path), version=version).height for version in (latest - 1, latest)
    ] == [400, 2]
