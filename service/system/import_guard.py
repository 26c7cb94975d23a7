"""Import hooks that block libraries that serving does not need, and load others lazily."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from threading import RLock
from types import ModuleType
from typing import Any, Final

TRAINING_LIBRARIES: Final = ("llvmlite", "numba", "pandas", "scipy", "sklearn")
# Optional dependencies of libraries, which import them if installed: colours, templates, reloading,
# unused stores.
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
# pyarrow.compute, which only tables need, is slow to import: it generates hundreds of functions.
LAZY_MODULES: Final = ("pyarrow.compute",)

_importing = RLock()


class ImportBlocker(MetaPathFinder):
    """Meta path finder that raises ModuleNotFoundError for the blocked modules."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - Python's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is blocked in this process", name=fullname)


def block_imports(*names: str) -> None:
    """Block the import of libraries, as if they were not installed; call this before any import.

    pyarrow, for example, imports pandas if installed, which costs 100 MB and a second.
    """
    sys.meta_path.insert(0, ImportBlocker(names))


class LazyModule(ModuleType):
    """Module that is imported at its first attribute access.

    Unlike importlib.util.LazyLoader, this is thread-safe.
    """

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the module
        with _importing:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
                vars(self).update(vars(import_module(self.__name__)))
        return object.__getattribute__(self, name)


def import_lazily(*names: str) -> None:
    """Defer the import of modules to their first use; call this before they are imported."""
    sys.modules.update({name: LazyModule(name) for name in names})
