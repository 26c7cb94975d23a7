"""The only place that calls joblib: a fitted pipeline as bytes, and back."""

import io
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Final, cast

import joblib
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from models.errors import ArtifactFromAnotherRelease

_LIBRARIES: Final = ("joblib", "numpy", "scikit-learn")


def library_versions() -> dict[str, str]:
    """Name the releases that write and read a model file here."""
    return {name: _release(name) for name in _LIBRARIES}


def dump(pipeline: Pipeline) -> bytes:
    """Write a fitted pipeline as a joblib file.

    Parameters
    ----------
    pipeline
        Made of scikit-learn's and numpy's own objects, so that anyone can load it with `joblib.load`.

    Returns
    -------
    bytes
        The file, uncompressed. It carries no check of its own: sign it.
    """
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer)
    return buffer.getvalue()


def load(data: bytes, library_versions: Mapping[str, str]) -> Pipeline:
    """Read a joblib file back.

    Parameters
    ----------
    data
        What `dump` wrote. Loading runs code: check its signature first.
    library_versions
        The releases that wrote it, as `library_versions` named them then.

    Returns
    -------
    Pipeline
        The fitted pipeline.

    Raises
    ------
    ArtifactFromAnotherRelease
        Where another release of joblib, numpy or scikit-learn wrote it; nothing is loaded then.
    """
    _check_releases(library_versions)
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return cast("Pipeline", joblib.load(io.BytesIO(data)))
        except InconsistentVersionWarning as error:
            raise ArtifactFromAnotherRelease from error


def _check_releases(wrote: Mapping[str, str]) -> None:
    here = library_versions()
    differing = [
        f"{name} {wrote.get(name, 'unknown')}, here {here[name]}" for name in here if wrote.get(name) != here[name]
    ]
    if differing:
        raise ArtifactFromAnotherRelease(
            f"The model file was written by {'; '.join(differing)}; fit the model again with the libraries in use"
        )


@cache
def _release(library: str) -> str:
    return version(library)
