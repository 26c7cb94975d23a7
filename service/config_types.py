"""Pydantic types of settings that hold URLs, locations and byte sizes.

Error messages never contain the value.
"""

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

OBJECT_STORES: Final = ("s3://", "az://", "abfs://", "abfss://", "gs://")

_PORT: Final = r"(?::\d{1,5})?"
_HOST: Final = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s\[\]/:?@]+)"
# As in SQLAlchemy, a password may contain any character but @.
_DATABASE: Final = re.compile(
    rf"sqlite(?:\+pysqlite)?:///(?!:memory:).+|postgresql(?:\+psycopg)?://(?:[^:/@]*(?::[^@]*)?@)?{_HOST}?{_PORT}(?:[/?].*)?"
)
_SCHEDULER: Final = re.compile(rf"(?:(?:tcp|tls)://)?{_HOST}:\d{{1,5}}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_BUCKET: Final = re.compile(rf"(?:{'|'.join(OBJECT_STORES)})[^/\s]+(?:/.*)?")
_MEMORY: Final = re.compile(r"auto|\d+(?:\.\d+)?(?:e\d+)? *(?:[kmgtp]i?)?b?", re.IGNORECASE)


def _check_database_url(address: SecretStr) -> SecretStr:
    if not _DATABASE.fullmatch(address.get_secret_value()):
        raise setting_error(
            "expected a URL of PostgreSQL or SQLite, such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    return address


def _check_scheduler_address(address: str) -> str:
    if not _SCHEDULER.fullmatch(address):
        raise setting_error("expected the address of a Dask scheduler, such as tls://HOST:PORT")
    return address


def _check_storage_location(location: Path | str) -> Path | str:
    if _SCHEME.match(str(location)) and not _BUCKET.fullmatch(str(location)):
        raise setting_error(
            f"expected a directory, or a URL that begins with one of {', '.join(OBJECT_STORES)}"
        )
    return location


def _check_byte_size(memory: str) -> str:
    if not _MEMORY.fullmatch(memory):
        raise setting_error("expected an amount of memory, such as 6GiB")
    return memory


def resolve_location(location: Path | str | None, default: Path) -> Path | str:
    """Return an object store's URL as it is, and a directory as an absolute path."""
    if isinstance(location, str) and "://" in location:
        return location
    return Path(location or default).resolve()


def setting_error(message: str) -> PydanticCustomError:
    """Build a validation error whose message does not contain the value."""
    return PydanticCustomError("address", "{message}", {"message": message})


DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
SchedulerAddress = Annotated[str, AfterValidator(_check_scheduler_address)]
StorageLocation = Annotated[Path | str, AfterValidator(_check_storage_location)]
ByteSize = Annotated[str, AfterValidator(_check_byte_size)]
