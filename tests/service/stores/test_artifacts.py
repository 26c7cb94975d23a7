import random
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bench.server import ROOT, wait_for
from service.stores.artifacts import MANIFEST, ArtifactDamaged, ArtifactRef, Artifacts

KEY = b"k" * 32
REF = ArtifactRef(tenant="default", model="m1", version=1, attempt=1)
FILES = {"pipeline.joblib": bytes(range(256)) * 8, "scorer.json": b'{"centers": [[1.5, 2.5]]}'}
LIBRARIES = {"scikit-learn": "1.9.0"}
ELSEWHERE = [
    replace(REF, **other)
    for other in ({"tenant": "t2"}, {"model": "m2"}, {"version": 2}, {"attempt": 2})
]
SAVING = """
import sys
from pathlib import Path
from service.stores.artifacts import ArtifactRef, Artifacts
store = Artifacts(Path(sys.argv[1]), b"k" * 32)
for version in range(1, 1_000_000):
    ref = ArtifactRef(tenant="default", model="m1", version=version, attempt=1)
    store.save(ref, {"pipeline.joblib": bytes(50_000), "scorer.json": bytes(50_000)}, {})
"""

every_file = pytest.mark.parametrize("name", [*FILES, MANIFEST])
every_content = pytest.mark.parametrize("name", FILES)
everywhere_else = pytest.mark.parametrize(
    "other", ELSEWHERE, ids=["tenant", "model", "version", "attempt"]
)


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def store(root) -> Artifacts:
    return Artifacts(root, KEY)


@pytest.fixture
def saved(store, root) -> Path:
    """The directory of what was saved."""
    store.save(REF, FILES, LIBRARIES)
    return root / REF.directory()


def loaded(store: Artifacts, ref: ArtifactRef = REF) -> dict[str, bytes]:
    """All that the store is ready to give."""
    read = {}
    for name in (*FILES, MANIFEST):
        with suppress(ArtifactDamaged):
            read[name] = store.read(ref, name)
    return read


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


@every_content
@pytest.mark.usefixtures("saved")
def test_a_file_is_read_as_it_was_saved(store, name):
    assert store.read(REF, name) == FILES[name]


def test_the_manifest_names_the_library_versions_of_the_files(store):
    assert store.save(REF, FILES, LIBRARIES).library_versions == LIBRARIES


@pytest.mark.damage
@every_file
def test_no_flipped_bit_is_ever_loaded(store, saved, name, n_flips, reached):
    whole = (saved / name).read_bytes()
    victims = FILES if name == MANIFEST else [name]
    let_through = []
    for bit in random.Random(name).choices(range(8 * len(whole)), k=n_flips):  # noqa: S311 - no secret
        flip(saved / name, bit)
        let_through += [(bit, victim) for victim in victims if victim in loaded(store)]
        (saved / name).write_bytes(whole)
    reached(f"bits flipped in {name}: files loaded", len(let_through), times=n_flips)
    assert let_through == []


@every_content
def test_damage_to_one_file_leaves_the_other_usable(store, saved, name):
    flip(saved / name, 0)
    assert loaded(store).keys() == FILES.keys() - {name}


@every_file
@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_truncated_file_is_refused(store, saved, name, kept):
    (saved / name).write_bytes((saved / name).read_bytes()[:kept])
    assert name not in loaded(store)


@every_content
def test_a_file_with_bytes_behind_its_end_is_refused(store, saved, name):
    (saved / name).write_bytes(FILES[name] + b"\0")
    assert name not in loaded(store)


@every_file
def test_a_missing_file_is_refused(store, saved, name):
    (saved / name).unlink()
    assert name not in loaded(store)


def test_without_its_manifest_nothing_is_read(store, saved):
    (saved / MANIFEST).unlink()
    assert loaded(store) == {}


def test_a_file_that_the_manifest_does_not_name_is_refused(store, saved):
    (saved / "extra").write_bytes(b"smuggled")
    with pytest.raises(ArtifactDamaged):
        store.read(REF, "extra")


@everywhere_else
def test_files_that_belong_elsewhere_are_refused(store, root, saved, other):
    shutil.copytree(saved, root / other.directory())
    assert loaded(store, other) == {}


@everywhere_else
@every_content
def test_a_file_swapped_with_that_of_another_fit_is_refused(store, root, saved, other, name):
    store.save(other, {name: data[::-1] for name, data in FILES.items()}, LIBRARIES)
    shutil.copy(root / other.directory() / name, saved / name)
    assert name not in loaded(store)


@pytest.mark.usefixtures("saved")
def test_files_signed_by_another_key_are_refused(root):
    assert loaded(Artifacts(root, b"x" * 32)) == {}


@pytest.mark.usefixtures("saved")
def test_files_signed_by_a_further_key_are_accepted(root):
    assert loaded(Artifacts(root, b"n" * 32, KEY)).keys() == FILES.keys()


def test_files_signed_again_are_accepted_without_the_old_key(root, saved):
    before = (saved / "scorer.json").read_bytes()
    assert Artifacts(root, b"n" * 32, KEY).sign_again(REF)
    assert loaded(Artifacts(root, b"n" * 32)) == {**FILES, "scorer.json": before}


@pytest.mark.usefixtures("saved")
def test_files_signed_by_the_current_key_are_not_signed_again(store):
    assert not store.sign_again(REF)


@pytest.mark.usefixtures("saved")
def test_files_signed_by_no_known_key_are_not_signed_again(root):
    with pytest.raises(ArtifactDamaged):
        Artifacts(root, b"n" * 32, b"x" * 32).sign_again(REF)


@everywhere_else
def test_files_of_other_versions_are_refused_when_signed_again(root, saved, other):
    shutil.copytree(saved, root / other.directory())
    with pytest.raises(ArtifactDamaged):
        Artifacts(root, b"n" * 32, KEY).sign_again(other)


@pytest.mark.parametrize(
    "manifest",
    ["", "null", "[]", "{}", '{"manifest": 1, "signature": 2}', '{"manifest": "{}"}', "é"],
)
def test_a_manifest_of_another_shape_is_refused(store, saved, manifest):
    (saved / MANIFEST).write_text(manifest, encoding="latin-1")
    assert loaded(store) == {}


def test_a_refusal_names_the_file_and_the_version(store, saved):
    flip(saved / "scorer.json", 0)
    with pytest.raises(ArtifactDamaged, match=r"scorer\.json of version 1"):
        store.read(REF, "scorer.json")


@pytest.mark.usefixtures("saved")
def test_saved_files_are_never_overwritten(store):
    with pytest.raises(OSError, match="not empty"):
        store.save(REF, dict.fromkeys(FILES, b"other"), LIBRARIES)
    assert loaded(store) == FILES


def test_a_save_that_breaks_off_shows_nothing(store, root):
    with pytest.raises(FileNotFoundError):
        store.save(REF, {**FILES, "no-such-directory/file": b""}, LIBRARIES)
    assert not (root / REF.directory()).exists()


def test_a_save_can_follow_one_that_broke_off(store):
    with suppress(FileNotFoundError):
        store.save(REF, {**FILES, "no-such-directory/file": b""}, LIBRARIES)
    store.save(REF, FILES, LIBRARIES)
    assert loaded(store) == FILES


def test_discarding_a_version_removes_every_attempt_and_incomplete_files(store, root):
    store.save(REF, FILES, LIBRARIES)
    with suppress(FileNotFoundError):
        store.save(replace(REF, attempt=2), {**FILES, "no-such-directory/file": b""}, LIBRARIES)
    store.discard_version(REF)
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_discarding_earlier_attempts_keeps_later_ones(store, root):
    for attempt in (1, 2, 3):
        store.save(replace(REF, attempt=attempt), FILES, LIBRARIES)
    with suppress(FileNotFoundError):
        store.save(replace(REF, attempt=1), {**FILES, "no-such-directory/file": b""}, LIBRARIES)
    store.discard_before(replace(REF, attempt=2))
    assert sorted(path.name for path in (root / REF.parent()).iterdir()) == ["2", "3"]


@everywhere_else
def test_discarding_an_attempt_leaves_all_others(store, other):
    for ref in (REF, other):
        store.save(ref, FILES, LIBRARIES)
    store.discard(REF)
    assert (loaded(store), loaded(store, other)) == ({}, FILES)


@pytest.mark.parametrize("discard", [Artifacts.discard, Artifacts.discard_version])
def test_discarding_nothing_is_no_error(store, discard):
    discard(store, REF)
    assert loaded(store) == {}


@pytest.mark.damage
def test_a_killed_save_leaves_whole_files_or_none(store, root, nth):
    command = [sys.executable, "-c", SAVING, str(root)]
    with subprocess.Popen(command, cwd=ROOT) as saving:  # noqa: S603 - our own script
        wait_for((root / "default" / "m1" / str(10 + nth)).exists, "some versions")
        saving.kill()
    shown = [path.parent for path in root.glob("default/m1/*/[0-9]*/manifest.json")]
    refs = [replace(REF, version=int(path.parent.name)) for path in shown]
    assert all(store.read(ref, name) == bytes(50_000) for ref in refs for name in FILES)
