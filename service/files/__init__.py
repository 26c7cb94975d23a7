"""Where files are kept: below a directory, or below an address in an object store."""

from pathlib import Path

from service.addresses import OBJECT_STORES
from service.files.directory import Directory, has_room, make_private, write_synced
from service.files.place import Files, StorageUnavailable, is_full

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
    from service.files.bucket import Bucket  # noqa: PLC0415 - its library takes 16 MB

    return Bucket(str(where))


def is_address(where: Path | str) -> bool:
    """Tell an address in an object store from a directory."""
    return isinstance(where, str) and where.startswith(OBJECT_STORES)
