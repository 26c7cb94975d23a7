"""File storage in a local directory or an object store."""

from pathlib import Path

from service.config_types import OBJECT_STORES
from service.storage.base import Storage, StorageUnavailable, is_full
from service.storage.local import LocalStorage, has_free_space, make_private

__all__ = [
    "LocalStorage",
    "Storage",
    "StorageUnavailable",
    "has_free_space",
    "is_address",
    "is_full",
    "make_private",
    "open_storage",
]


def open_storage(where: Path | str) -> Storage:
    """Open a local directory or the URL of an object store."""
    if not is_address(where):
        return LocalStorage(Path(where))
    from service.storage.object_store import ObjectStorage  # noqa: PLC0415 - imports 16 MB

    return ObjectStorage(str(where))


def is_address(where: Path | str) -> bool:
    """Return whether a location is the URL of an object store, not a directory."""
    return isinstance(where, str) and where.startswith(OBJECT_STORES)
