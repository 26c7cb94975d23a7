"""Where files are kept: below a directory, or below an address in an object store."""

from pathlib import Path

from service.config_types import OBJECT_STORES
from service.storage.base import Files, StorageUnavailable, is_full
from service.storage.local import Directory, has_room, make_private, write_synced

__all__ = [
    "Directory",
    "Files",
    "StorageUnavailable",
    "has_room",
    "is_address",
    "is_full",
    "make_private",
    "open_files",
    "write_synced",
]


def open_files(where: Path | str) -> Files:
    """Open a directory, or an address in an object store."""
    if not is_address(where):
        return Directory(Path(where))
    from service.storage.object_store import Bucket  # noqa: PLC0415 - its library takes 16 MB

    return Bucket(str(where))


def is_address(where: Path | str) -> bool:
    """Tell an address in an object store from a directory."""
    return isinstance(where, str) and where.startswith(OBJECT_STORES)
