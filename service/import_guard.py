"""Keeps libraries that serving has no use for out of a process, whoever asks for them, and lets others wait."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from threading import RLock
from types import ModuleType
from typing import Any, Final

TRAINING_LIBRARIES: Final = ("llvmlite", "numba", "pandas", "scipy", "sklearn")
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
# What a table needs, and no start: pyarrow.compute makes a Python function of each of its hundreds as it is imported.
LAZY_MODULES: Final = ("pyarrow.compute",)

_importing = RLock()


class ImportBlocker(MetaPathFinder):
    """Raise ModuleNotFoundError for the blocked modules."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002 - Python's signature
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is kept out of this process", name=fullname)


def block_imports(*names: str) -> None:
    """Let these libraries look as if they were not installed; they must not have been imported yet.

    pyarrow, for one, imports pandas wherever it finds it: 100 MB and a second that serving has no use for.
    """
    sys.meta_path.insert(0, ImportBlocker(names))


class LazyModule(ModuleType):
    """A module that is imported when something of it is asked for; importlib's own kind is not made for threads."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        with _importing:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
                vars(self).update(vars(import_module(self.__name__)))
        return object.__getattribute__(self, name)


def import_lazily(*names: str) -> None:
    """Import these modules as late as can be; they must not have been imported yet."""
    sys.modules.update({name: LazyModule(name) for name in names})
