"""Settings that are only used once much else has begun: what cannot be is told at the start, and never repeated."""

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

OBJECT_STORES: Final = ("s3://", "az://", "abfs://", "abfss://", "gs://")

_PORT: Final = r"(?::\d{1,5})?"
_HOST: Final = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s\[\]/:?@]+)"
# As SQLAlchemy reads it: a password may hold anything but @.
_DATABASE: Final = re.compile(
    rf"sqlite(?:\+pysqlite)?:///(?!:memory:).+|postgresql(?:\+psycopg)?://(?:[^:/@]*(?::[^@]*)?@)?{_HOST}?{_PORT}(?:[/?].*)?"
)
_SCHEDULER: Final = re.compile(rf"(?:(?:tcp|tls)://)?{_HOST}:\d{{1,5}}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_BUCKET: Final = re.compile(rf"(?:{'|'.join(OBJECT_STORES)})[^/\s]+(?:/.*)?")
_MEMORY: Final = re.compile(r"auto|\d+(?:\.\d+)?(?:e\d+)? *(?:[kmgtp]i?)?b?", re.IGNORECASE)


def _database(address: SecretStr) -> SecretStr:
    if not _DATABASE.fullmatch(address.get_secret_value()):
        raise setting_error(
            "it is no address of PostgreSQL or SQLite such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    return address


def _scheduler(address: str) -> str:
    if not _SCHEDULER.fullmatch(address):
        raise setting_error("it is no address of a scheduler such as tls://HOST:PORT")
    return address


def _place(place: Path | str) -> Path | str:
    if _SCHEME.match(str(place)) and not _BUCKET.fullmatch(str(place)):
        raise setting_error(
            f"it is neither a directory nor an address that begins with one of {', '.join(OBJECT_STORES)}"
        )
    return place


def _memory(memory: str) -> str:
    if not _MEMORY.fullmatch(memory):
        raise setting_error("it is no amount of memory such as 6GiB")
    return memory


def setting_error(sentence: str) -> PydanticCustomError:
    """Refuse a setting in a sentence that does not repeat it."""
    return PydanticCustomError("address", "{sentence}", {"sentence": sentence})


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
SchedulerAddress = Annotated[str, AfterValidator(_scheduler)]
StorageLocation = Annotated[Path | str, AfterValidator(_place)]
ByteSize = Annotated[str, AfterValidator(_memory)]
