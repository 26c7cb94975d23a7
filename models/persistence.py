"""Serialization of fitted pipelines with joblib; no other module calls joblib."""

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


@cache
def library_versions() -> Mapping[str, str]:
    """Return the versions of the libraries that write and read model files."""
    return {name: version(name) for name in _LIBRARIES}


def dump(pipeline: Pipeline) -> bytes:
    """Serialize a fitted pipeline with joblib.

    Parameters
    ----------
    pipeline
        Consists of scikit-learn and numpy objects only, so `joblib.load` works without this
        package.

    Returns
    -------
    bytes
        The file, uncompressed and without a checksum; sign it.
    """
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer)
    return buffer.getvalue()


def load(data: bytes, library_versions: Mapping[str, str]) -> Pipeline:
    """Load a pipeline from the output of `dump`.

    Parameters
    ----------
    data
        The output of `dump`. Loading runs code, so check its signature first.
    library_versions
        The output of `library_versions` when it was written.

    Returns
    -------
    Pipeline
        The fitted pipeline.

    Raises
    ------
    ArtifactFromAnotherRelease
        If another release of joblib, numpy or scikit-learn wrote it; raised before anything is
        loaded.
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
        f"{name} {wrote.get(name, 'unknown')}, here {here[name]}"
        for name in here
        if wrote.get(name) != here[name]
    ]
    if differing:
        raise ArtifactFromAnotherRelease(
            f"The model file was written by {'; '.join(differing)}; fit the model again with the "
            "libraries in use"
        )
