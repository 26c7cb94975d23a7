"""How long a client is ready to wait for an answer (RFC 7240)."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

DEFAULT_SECONDS = 2.0
LONGEST_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class WaitPreference:
    """How long to wait, and what of the client's preference was followed."""

    seconds: float = DEFAULT_SECONDS
    applied: str | None = None


def parse_prefer(header: str | None) -> WaitPreference:
    """Read `wait=N` and `respond-async` from a Prefer header; the rest is passed over, as the RFC says."""
    preferences = [part.strip().lower() for part in (header or "").split(",")]
    if "respond-async" in preferences:
        return WaitPreference(seconds=0, applied="respond-async")
    for preference in preferences:
        wait = re.fullmatch(r"wait\s*=\s*\"?(\d{1,9})\"?", preference)
        if wait:
            seconds = min(int(wait[1]), int(LONGEST_SECONDS))
            return WaitPreference(seconds=seconds, applied=f"wait={seconds}")
    return WaitPreference()


def _parse_wait(
    prefer: Annotated[
        str | None,
        Header(
            description="`wait=10` waits up to ten seconds for the result (2 without this header, at most 30); "
            "`wait=0` or `respond-async` answers with the job at once.",
        ),
    ] = None,
) -> WaitPreference:
    return parse_prefer(prefer)


PatienceDep = Annotated[WaitPreference, Depends(_parse_wait)]
