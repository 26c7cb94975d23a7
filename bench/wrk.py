"""Load by wrk, whose one thread leaves a core to a service of several processes."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from bench.lines import Shot

SECONDS: Final = 2
_RATE: Final = re.compile(r"Requests/sec: +([0-9.]+)")
_SLOWEST: Final = re.compile(r"99% +([0-9.]+)(us|ms|s)")
_MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, kw_only=True)
class Load:
    """Requests per second, and the latency in ms that one in a hundred exceeds."""

    per_second: float
    slowest_percent: float


def has_wrk() -> bool:
    """Return whether wrk is installed."""
    return which("wrk") is not None


def requests_per_second(shot: Shot, directory: Path, *, connections: int) -> float:
    """Send a request on several connections for some seconds. Raise RuntimeError if one fails."""
    # JSON's escapes are those of Lua, as far as headers and bodies of the benchmark need them.
    lines = [
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
        for name, value in shot.headers.items()
    ]
    body = json.dumps(shot.body.decode())
    script = "\n".join(['wrk.method = "POST"', *lines, f"wrk.body = {body}"])
    return run_script(script, shot.url, directory, connections=connections).per_second


def run_script(
    script: str, url: str, directory: Path, *, connections: int, seconds: int = SECONDS
) -> Load:
    """Send the requests of a Lua script for some seconds. Raise RuntimeError if one fails."""
    file = directory / "request.lua"
    file.write_text(script)
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    command = ["wrk", *options, "--latency", "--script", str(file), url]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603 - our own command
    rate, slowest = _RATE.search(shown), _SLOWEST.search(shown)
    if rate is None or slowest is None or "Non-2xx" in shown:
        raise RuntimeError(f"wrk found errors: {shown}")
    return Load(
        per_second=float(rate[1]),
        slowest_percent=float(slowest[1]) * _MILLISECONDS[slowest[2]],
    )
