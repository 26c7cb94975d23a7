"""`python -m bench [part …]`: measure, and write the tables into docs/benchmarks.md."""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from os import getloadavg
from typing import Final

from bench.document import replace_section
from bench.machine import describe_machine
from bench.markdown import say
from bench.server import ROOT

# Each is a module whose `main` prints Markdown, with its minutes on a quiet machine.
PARTS: Final = {
    "hot_path": 5,
    "learning": 1,
    "startup": 1,
    "small_fits": 1,
    "memory": 1,
    "tables": 5,
    "figures": 1,
    "page": 1,
    "writes": 9,
    "trees": 3,
    "kmeans": 2,
    "recommending": 8,
    "growth": 7,
    "stages": 2,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts one after the other, each in a process of its own.

    One that fails leaves its section as it was.
    """
    parser = ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"only these of: {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="say how many minutes each part takes, and measure nothing",
    )
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    chosen = asked.parts or list(PARTS)
    if asked.list:
        say("\n".join(f"{part:10} {PARTS[part]:3} min" for part in chosen))
    elif failed := [part for part in chosen if not _run(part)]:
        sys.exit(f"Not measured: {', '.join(failed)}")


def _run(part: str) -> bool:
    """Measure one part, show what it says as it says it, and write that into the document."""
    machine = describe_machine()
    command = [sys.executable, "-m", f"bench.{part}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        said = list(_shown(process.stdout or ()))
    if process.returncode:
        return False
    how = f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench {part}`, on"
    replace_section(part, f"{how}\n{machine} ({getloadavg()[0]:.1f} at the end).\n{''.join(said)}")
    return True


def _shown(lines: Iterator[str] | tuple[()]) -> Iterator[str]:
    for line in lines:
        say(line.rstrip("\n"))
        yield line


if __name__ == "__main__":
    main()
