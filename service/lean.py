"""Keeps libraries that serving has no use for out of a process, whoever asks for them."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Final

LEARNING: Final = ("llvmlite", "numba", "pandas", "scipy", "sklearn")
# What others import wherever it is installed: for colours, templates, reloading, and stores that are reached otherwise.
OPTIONAL: Final = (
    "jinja2",
    "pyarrow._azurefs",
    "pyarrow._gcsfs",
    "pyarrow._hdfs",
    "pyarrow._s3fs",
    "pygments",
    "rich",
    "watchfiles",
)


class _KeptOut(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002 - Python's signature
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is kept out of this process", name=fullname)


def keep_out(*names: str) -> None:
    """Let these libraries look as if they were not installed; they must not have been imported yet.

    pyarrow, for one, imports pandas wherever it finds it: 100 MB and a second that serving has no use for.
    """
    sys.meta_path.insert(0, _KeptOut(names))
