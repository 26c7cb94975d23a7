"""The keys that sign model files: the first signs, and what any of them has signed is good."""

import os
import secrets
from pathlib import Path
from typing import Final

from service.config import Settings
from service.errors import ServiceError

SHORTEST_KEY: Final = 32


class WeakKey(ServiceError):
    """The key that signs model files is too short to protect them."""


def signing_keys(settings: Settings) -> tuple[bytes, ...]:
    """Read the keys that the settings give, or name a file for."""
    given = settings.signing_key
    return keys_in(given.get_secret_value().encode()) if given else read_or_make_keys(settings.signing_key_path())


def keys_in(text: bytes) -> tuple[bytes, ...]:
    """Read keys, one to a line."""
    keys = tuple(line.strip() for line in text.splitlines() if line.strip())
    for position, key in enumerate(keys or (b"",), 1):
        if len(key) < SHORTEST_KEY:
            raise WeakKey(f"Signing key {position} has {len(key)} bytes; at least {SHORTEST_KEY} are needed")
    return keys


def read_or_make_keys(path: Path) -> tuple[bytes, ...]:
    """Read the signing keys; on the first start make one that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make_key(path)
    return keys_in(path.read_bytes())


def _make_key(path: Path) -> None:
    from service.storage import write_synced  # noqa: PLC0415 - a start reads the key before it imports so much

    beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    beside.touch(mode=0o600)
    write_synced(beside, secrets.token_hex(32).encode())
    try:
        os.link(beside, path)  # unlike rename, fails if another process was first
    except FileExistsError:
        pass
    finally:
        beside.unlink()
