"""A directory for the temporary files of a process and its children, which outlives none of them for long."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "segmentation-"
DRAFT: Final = f".{PREFIX}"  # a directory that is not locked yet
LOCK: Final = "lock"


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Keep temporary files in a directory of our own within a block, and remove those of processes that were killed."""
    outside = Path(tempfile.gettempdir())
    remove_abandoned(outside)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT))
    with (draft / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held until this process ends, however it does
        directory = draft.rename(outside / draft.name.removeprefix("."))
        _use(directory)
        try:
            yield directory
        finally:
            _use(outside)
            shutil.rmtree(directory, ignore_errors=True)


def remove_abandoned(outside: Path) -> None:
    """Remove such directories of this user whose process has ended."""
    for directory in outside.glob(f"{PREFIX}*"):
        with suppress(OSError):  # in use, not such a directory, or gone meanwhile
            _remove_abandoned(directory)


def _remove_abandoned(directory: Path) -> None:
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        return
    with (directory / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)


def _use(directory: Path) -> None:
    os.environ["TMPDIR"] = tempfile.tempdir = str(directory)
