"""Where the embedded cluster can be found, and what lets a program in."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from service.config import Settings

CONTACT_FILE = "scheduler.json"


@dataclass(frozen=True, kw_only=True)
class TlsCredentials:
    """What lets a program into a cluster: PEM text, or the paths of PEM files."""

    ca: str
    certificate: str
    key: str


def tls_credentials(settings: Settings) -> TlsCredentials | None:
    """Give the certificates that the settings name; all three of them, or none."""
    paths = [path for path in (settings.engine_ca, settings.engine_certificate, settings.engine_key) if path]
    if not paths:
        return None
    for path in paths:
        path.open().close()  # where one cannot be read, Dask would only say that nobody answers
    ca, certificate, key = map(str, paths)
    return TlsCredentials(ca=ca, certificate=certificate, key=key)


@dataclass(frozen=True, kw_only=True)
class SchedulerInfo:
    """A scheduler's address and its certificates; one file, so that the two always belong together."""

    address: str
    certificates: TlsCredentials | None = None

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read what the embedded cluster left in `directory`; FileNotFoundError while there is none."""
        left = json.loads((directory / CONTACT_FILE).read_text())
        return cls(address=left["address"], certificates=TlsCredentials(**left["certificates"]))

    def write(self, directory: Path) -> None:
        """Leave it for this user's programs alone; a reader sees all of it or nothing."""
        draft = directory / f"{CONTACT_FILE}.draft"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file)
        draft.replace(directory / CONTACT_FILE)

    @staticmethod
    def delete_file(directory: Path) -> None:
        """Take back what an earlier cluster left."""
        (directory / CONTACT_FILE).unlink(missing_ok=True)
