"""Signing keys: read, made, changed."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from service.cli import commands
from service.signing_keys import WeakKey, parse_keys, read_or_create_keys
from tests.support.steps import fit, place, put_csv, running

OLD, NEW = "o" * 64, "n" * 64
CUSTOMER = {"Annual Income (k$)": 60, "Spending Score (1-100)": 50}


def test_the_key_is_for_this_user_alone(tmp_path):
    read_or_create_keys(tmp_path / "keys" / "signing.key")
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "keys", tmp_path / "keys" / "signing.key")
    ]
    assert modes == [0o700, 0o600]


def test_a_key_is_created_once(tmp_path):
    assert read_or_create_keys(tmp_path / "key") == read_or_create_keys(tmp_path / "key")


def test_no_two_keys_are_alike(tmp_path):
    assert read_or_create_keys(tmp_path / "one") != read_or_create_keys(tmp_path / "two")


def test_makers_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(read_or_create_keys, [tmp_path / "key"] * 40))
    assert (len(keys), [path.name for path in tmp_path.iterdir()]) == (1, ["key"])


def test_each_line_is_a_key_with_any_line_end():
    assert parse_keys(f"{NEW}\r\n\n {OLD} \n".encode()) == (NEW.encode(), OLD.encode())


@pytest.mark.parametrize("text", ["", "\n", "short", f"{NEW}\nshort"])
def test_a_weak_key_is_refused(text):
    with pytest.raises(WeakKey, match="at least 32"):
        parse_keys(text.encode())


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(OLD)
    return path


@pytest.fixture
def serving(at_home, server_of_all, tmp_path, key_file, sample_csv):
    """Serve a home with a model that the old key has signed, by the keys as they are then."""
    settings = at_home(tmp_path / "home", signing_key_file=key_file)
    with running(settings) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "before")
    yield lambda: running(settings)
    if server_of_all is not None:
        server_of_all.drop(settings.database_address())


@pytest.fixture
def resign(at_home, tmp_path, key_file):
    settings = at_home(tmp_path / "home", signing_key_file=key_file)
    return lambda: CliRunner(env=settings.environment()).invoke(commands, ["resign"])


def test_models_assign_customers_throughout_a_key_rotation(serving, key_file, resign):
    said = []
    for keys in (f"{OLD}\n{NEW}\n", f"{NEW}\n{OLD}\n"):
        key_file.write_text(keys)
        with serving() as client:
            place(client, "before", CUSTOMER)
    said += [resign().stdout, resign().stdout]
    key_file.write_text(NEW)
    with serving() as client:
        place(client, "before", CUSTOMER)
    assert said == ["1 signed, 0 unchanged, 0 damaged\n", "0 signed, 1 unchanged, 0 damaged\n"]


@pytest.mark.usefixtures("serving")
def test_files_signed_by_an_unknown_key_are_reported_and_kept(key_file, resign):
    key_file.write_text(NEW)
    left = resign()
    assert (left.exit_code, left.stderr) == (
        1,
        "Not signed: tenant default, model before, version 1\n",
    )
