"""Keys that sign model files: the first key signs, all of them verify."""

import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Final

from service.config import Settings
from service.errors import ServiceError
from service.system.private_files import create_private

MIN_KEY_BYTES: Final = 32  # as many as an HMAC with SHA-256 has


class WeakKey(ServiceError):
    """The key that signs model files is too short to protect them."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


def signing_keys(settings: Settings) -> tuple[bytes, ...]:
    """Return the keys of the setting, or of the key file, which the first start creates."""
    if settings.signing_key:
        return parse_keys(settings.signing_key.get_secret_value().encode())
    return read_or_create_keys(settings.signing_key_path())


def parse_keys(text: bytes) -> tuple[bytes, ...]:
    """Parse keys, one per line; raises WeakKey for a short or a missing one."""
    keys = tuple(line.strip() for line in text.splitlines() if line.strip())
    for position, key in enumerate(keys or (b"",), 1):
        if len(key) < MIN_KEY_BYTES:
            raise WeakKey(
                f"Signing key {position} has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed"
            )
    return keys


def read_or_create_keys(path: Path) -> tuple[bytes, ...]:
    """Read the signing keys from a file.

    If it is missing, create it with a random key, readable by this user only.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        create_private(path, secrets.token_hex(32).encode())
    return parse_keys(path.read_bytes())
