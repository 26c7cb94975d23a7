"""Separate environments for peers, apart from the service's packages."""

import subprocess
import sys
from pathlib import Path

from bench.markdown import say


def make_environment(directory: Path, *requirements: str) -> Path | None:
    """Install packages into a new environment.

    Give its Python, or None, and say so, where they cannot be had.
    """
    python = directory / "bin" / "python"
    install = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *requirements,
    ]
    try:
        subprocess.run([sys.executable, "-m", "venv", directory], check=True, capture_output=True)  # noqa: S603 - our own
        subprocess.run(install, check=True, capture_output=True)  # noqa: S603 - packages named in the bench
    except subprocess.CalledProcessError:
        say(f"\n{', '.join(requirements)} could not be installed: left out.")
        return None
    return python
