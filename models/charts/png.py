"""PNG renderer: resvg rasterizes the SVG of a chart in a child process.

resvg holds the interpreter lock while it renders, for up to seconds; in a process of its own it
blocks no other thread, and its memory is free again afterwards.
"""

import os
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Final

PIXEL_RATIO: Final = 2
MAX_SECONDS: Final = 60.0
_SCRIPT: Final = Path(__file__).with_name("renderer_process.py")
_FONTS: Final = sorted(Path(__file__).with_name("fonts").glob("*.ttf"))
# Settings and credentials stay behind.
_INHERITED: Final = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH")

_lock = Lock()  # one image at a time: a large one takes 100 MB


def to_png(svg: str) -> bytes:
    """Render an SVG document at twice its size in pixels; deterministic."""
    with _lock:
        finished = subprocess.run(  # noqa: S603 - the command is ours, the document is its input
            [sys.executable, "-P", _SCRIPT, str(PIXEL_RATIO), *_FONTS],
            input=svg.encode(),
            stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            process_group=0,  # Ctrl-C is for the parent, which finishes its responses first
            timeout=MAX_SECONDS,
            check=True,
        )
    return finished.stdout
