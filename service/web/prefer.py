"""The `Prefer` header (RFC 7240): the time that a client waits for the result of a job."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

DEFAULT_SECONDS = 2.0
MAX_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class WaitPreference:
    """The seconds to wait, and the preference applied (`Preference-Applied`)."""

    seconds: float = DEFAULT_SECONDS
    applied: str | None = None


def parse_prefer(header: str | None) -> WaitPreference:
    """Parse `wait=N` and `respond-async`; other preferences are ignored, as the RFC requires."""
    preferences = [part.strip().lower() for part in (header or "").split(",")]
    if "respond-async" in preferences:
        return WaitPreference(seconds=0, applied="respond-async")
    for preference in preferences:
        wait = re.fullmatch(r"wait\s*=\s*\"?(\d{1,9})\"?", preference)
        if wait:
            seconds = min(int(wait[1]), int(MAX_SECONDS))
            return WaitPreference(seconds=seconds, applied=f"wait={seconds}")
    return WaitPreference()


def _parse_wait(
    prefer: Annotated[
        str | None,
        Header(
            description="`wait=10` waits up to ten seconds for the result (2 without this header, "
            "at most 30); `wait=0` or `respond-async` returns the job at once.",
        ),
    ] = None,
) -> WaitPreference:
    return parse_prefer(prefer)


PatienceDep = Annotated[WaitPreference, Depends(_parse_wait)]
