"""Where files are kept: below a directory, or below an address in an object store."""

from pathlib import Path

from service.config_types import OBJECT_STORES
from service.storage.base import Storage, StorageUnavailable, is_full
from service.storage.local import LocalStorage, has_room, make_private, write_synced

__all__ = [
    "LocalStorage",
    "Storage",
    "StorageUnavailable",
    "has_room",
    "is_address",
    "is_full",
    "make_private",
    "open_storage",
    "write_synced",
]


def open_storage(where: Path | str) -> Storage:
    """Open a directory, or an address in an object store."""
    if not is_address(where):
        return LocalStorage(Path(where))
    from service.storage.object_store import ObjectStorage  # noqa: PLC0415 - its library takes 16 MB

    return ObjectStorage(str(where))


def is_address(where: Path | str) -> bool:
    """Tell an address in an object store from a directory."""
    return isinstance(where, str) and where.startswith(OBJECT_STORES)
