"""Scheduler file: the embedded cluster's address and TLS certificates."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from service.config import Settings
from service.system.private_files import write_private

SCHEDULER_FILE = "scheduler.json"


@dataclass(frozen=True, kw_only=True)
class TlsCredentials:
    """Certificates that a cluster accepts, as PEM text or as paths of PEM files."""

    ca: str
    certificate: str
    key: str


def tls_credentials(settings: Settings) -> TlsCredentials | None:
    """Return the certificates named by the settings, or None without any."""
    paths = [
        path
        for path in (settings.engine_ca, settings.engine_certificate, settings.engine_key)
        if path
    ]
    if not paths:
        return None
    for path in paths:
        path.open().close()  # raises OSError with the path; Dask would only report a timeout
    ca, certificate, key = map(str, paths)
    return TlsCredentials(ca=ca, certificate=certificate, key=key)


@dataclass(frozen=True, kw_only=True)
class SchedulerInfo:
    """A scheduler's address and its certificates, kept in one file so that they always match."""

    address: str
    certificates: TlsCredentials | None = None

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read the scheduler file; raises FileNotFoundError while no embedded cluster runs."""
        info = json.loads((directory / SCHEDULER_FILE).read_text())
        return cls(address=info["address"], certificates=TlsCredentials(**info["certificates"]))

    def write(self, directory: Path) -> None:
        """Write the scheduler file atomically, readable by this user only."""
        write_private(directory / SCHEDULER_FILE, json.dumps(asdict(self)).encode())

    @staticmethod
    def delete_file(directory: Path) -> None:
        (directory / SCHEDULER_FILE).unlink(missing_ok=True)
