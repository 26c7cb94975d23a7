"""What a key looks like, and what is kept of it: never the key itself."""

import hashlib
import secrets
import string
import zlib
from typing import Final

from service.errors import InvalidRequest

PREFIX: Final = "csk_"
SECRET_BITS: Final = 256
SHORTEST: Final = 43  # characters of base 64 that hold 256 bits
_LONGEST: Final = 200
_LETTERS: Final = string.digits + string.ascii_letters
_SECRET_LENGTH: Final = 43  # characters of base 62 that hold 256 bits
_CHECKSUM_LENGTH: Final = 6
_ID_LENGTH: Final = 12


def generate_key() -> str:
    """Make a new key: a prefix that scanners find, 256 random bits, and a checksum against slips of the pen."""
    secret = PREFIX + _base62(secrets.randbits(SECRET_BITS), _SECRET_LENGTH)
    return secret + _checksum(secret)


def is_well_formed(key: str) -> bool:
    """Tell whether a text can be a key; one with our prefix must also carry its checksum."""
    if not (SHORTEST <= len(key) <= _LONGEST and key.isascii() and key.isprintable() and " " not in key):
        return False
    return not key.startswith(PREFIX) or key[-_CHECKSUM_LENGTH:] == _checksum(key[:-_CHECKSUM_LENGTH])


def check_well_formed(key: str) -> None:
    """Refuse a first key that is too weak to be one."""
    if not is_well_formed(key):
        raise InvalidRequest(
            f"The bootstrap key needs at least {SHORTEST} characters without spaces, copied whole; "
            "`python -m service keys generate` prints one"
        )


def hash_key(key: str) -> str:
    """Give all that is kept of a key; with that many random bits a plain hash cannot be turned back."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id(digest: str) -> str:
    """Name a key in lists and logs."""
    return f"key_{digest[:_ID_LENGTH]}"


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(reversed(letters))
