"""Load by wrk, whose one thread leaves a core to a service of several processes."""

import json
import re
import subprocess
from pathlib import Path
from shutil import which
from typing import Final

from bench.lines import Shot

SECONDS: Final = 2
_RATE: Final = re.compile(r"Requests/sec: +([0-9.]+)")


def has_wrk() -> bool:
    """Return whether wrk is installed."""
    return which("wrk") is not None


def requests_per_second(shot: Shot, directory: Path, *, connections: int) -> float:
    """Send a request on several connections for some seconds. Raise RuntimeError if one fails."""
    script = directory / "request.lua"
    # JSON's escapes are those of Lua, as far as headers and bodies of the benchmark need them.
    lines = [
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
        for name, value in shot.headers.items()
    ]
    body = json.dumps(shot.body.decode())
    script.write_text("\n".join(['wrk.method = "POST"', *lines, f"wrk.body = {body}"]))
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{SECONDS}s"]
    command = ["wrk", *options, "--script", str(script), shot.url]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603 - our own command
    rate = _RATE.search(shown)
    if rate is None or "Non-2xx" in shown:
        raise RuntimeError(f"wrk found errors: {shown}")
    return float(rate[1])
