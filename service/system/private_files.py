"""Files that only this user can read, such as keys, written atomically."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PRIVATE_FILE_MODE: Final = 0o600


def write_private(path: Path, data: bytes) -> None:
    """Write or overwrite a private file."""
    with _private_draft(path, data) as draft:
        draft.replace(path)


def create_private(path: Path, data: bytes) -> None:
    """Write a private file, unless another process has created it."""
    with _private_draft(path, data) as draft, suppress(FileExistsError):
        os.link(draft, path)  # unlike a rename, never overwrites


@contextmanager
def _private_draft(path: Path, data: bytes) -> Iterator[Path]:
    """Write a temporary file beside a path and fsync it; remove it unless it was renamed."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(draft, flags, PRIVATE_FILE_MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
