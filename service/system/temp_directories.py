"""Temporary directory of a process and its children.

Directories of killed processes are removed at the next start.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "segmentation-"
UNLOCKED_PREFIX: Final = f".{PREFIX}"  # while a directory is created and not locked yet
LOCK: Final = "lock"


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Use a new temporary directory within a block, after removing those of killed processes."""
    parent = Path(tempfile.gettempdir())
    remove_stale(parent)
    draft = Path(tempfile.mkdtemp(prefix=UNLOCKED_PREFIX))
    with (draft / LOCK).open("w") as lock:
        # The kernel releases it when this process exits or is killed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = draft.rename(parent / draft.name.removeprefix("."))
        _set_temporary_directory(directory)
        try:
            yield directory
        finally:
            _set_temporary_directory(parent)
            shutil.rmtree(directory, ignore_errors=True)


def remove_stale(parent: Path) -> None:
    """Remove this user's temporary directories whose process no longer runs."""
    for directory in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # locked, without a lock file, or removed meanwhile
            _remove_stale(directory)


def _remove_stale(directory: Path) -> None:
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        return
    with (directory / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)


def _set_temporary_directory(directory: Path) -> None:
    os.environ["TMPDIR"] = tempfile.tempdir = str(directory)
