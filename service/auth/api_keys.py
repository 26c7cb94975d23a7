"""Format, checksum and hash of API keys. Keys are stored only as hashes."""

import hashlib
import secrets
import string
import zlib
from typing import Final

from service.errors import InvalidRequest

PREFIX: Final = "csk_"
SECRET_BITS: Final = 256
MIN_LENGTH: Final = 43  # characters of base 64 that hold 256 bits
_MAX_LENGTH: Final = 200
_ALPHABET: Final = string.digits + string.ascii_letters
_SECRET_LENGTH: Final = 43  # characters of base 62 that hold 256 bits
_CHECKSUM_LENGTH: Final = 6  # characters of base 62 that hold a CRC-32
_ID_LENGTH: Final = 12


def generate_key() -> str:
    """Generate a key: a prefix for secret scanners, 256 random bits, a checksum against typos."""
    secret = PREFIX + _base62(secrets.randbits(SECRET_BITS), _SECRET_LENGTH)
    return secret + _checksum(secret)


def has_key_format(key: str) -> bool:
    """Return whether a text has the format of a key.

    With the prefix `csk_`, the checksum must match.
    """
    if not (
        MIN_LENGTH <= len(key) <= _MAX_LENGTH
        and key.isascii()
        and key.isprintable()
        and " " not in key
    ):
        return False
    return not key.startswith(PREFIX) or key[-_CHECKSUM_LENGTH:] == _checksum(
        key[:-_CHECKSUM_LENGTH]
    )


def check_key_format(key: str) -> None:
    """Raise InvalidRequest if a bootstrap key is too short or malformed."""
    if not has_key_format(key):
        raise InvalidRequest(
            f"The bootstrap key must be complete and have at least {MIN_LENGTH} characters, none "
            "of them a space; "
            "`python -m service keys generate` prints one"
        )


def hash_key(key: str) -> str:
    """Return the SHA-256 digest of a key; 256 random bits need no slow password hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id(digest: str) -> str:
    """Return the id of a key for lists and logs."""
    return f"key_{digest[:_ID_LENGTH]}"


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
