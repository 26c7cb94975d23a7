"""The API processes of one service, and the files that they share."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ProcessGroup:
    """One API process's place among those of `serve --processes`.

    A restarted process keeps the `index` of its predecessor. All share a private `directory`, which
    is removed when the service stops, and the time at which the service `started`.
    """

    directory: Path
    index: int
    started: datetime

    def claim_start(self) -> bool:
        """Return True in the first process that calls this, once for the whole group."""
        try:
            (self.directory / "claimed").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def rate_limit_file(self) -> Path:
        return self.directory / "rate-limits"

    def metrics_file(self) -> Path:
        return self.directory / f"{self.index}.prom"
