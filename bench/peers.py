"""Others that serve the same pipeline, each in an environment of its own."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import httpx

from bench.environments import make_environment
from bench.server import wait_for

SAVE: Final = """
import sys, joblib, mlflow.sklearn
trusted = ["numpy.clip", "numpy.dtype"]
mlflow.sklearn.save_model(joblib.load(sys.argv[1]), sys.argv[2], skops_trusted_types=trusted)
"""


@contextmanager
def mlflow(pipeline: Path, directory: Path) -> Iterator[str | None]:
    """Serve by `mlflow models serve`, with one worker, as it does by itself."""
    python = make_environment(directory / "mlflow", "mlflow", *_same())
    if python is None:
        yield None
        return
    port, model = _free_port(), str(directory / "mlflow-model")
    subprocess.run([python, "-c", SAVE, str(pipeline), model], check=True, capture_output=True)  # noqa: S603 - our own command
    serve = [
        python,
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        model,
        "--env-manager",
        "local",
        "-p",
        str(port),
    ]
    with _running(serve, port, python):
        yield f"http://127.0.0.1:{port}/invocations"


@contextmanager
def mlserver(pipeline: Path, directory: Path) -> Iterator[str | None]:
    """Serve by `mlserver start` with its runtime for scikit-learn, in one process.

    Its workers need an older uvloop.
    """
    python = make_environment(directory / "mlserver", "mlserver", "mlserver-sklearn", *_same())
    if python is None:
        yield None
        return
    port, home = _free_port(), directory / "mlserver-home"
    home.mkdir()
    ports = {"http_port": port, "grpc_port": _free_port(), "metrics_port": _free_port()}
    _settle(home / "settings.json", {"host": "127.0.0.1", "parallel_workers": 0, **ports})
    implementation = "mlserver_sklearn.SKLearnModel"
    told = {
        "name": "sample",
        "implementation": implementation,
        "parameters": {"uri": str(pipeline)},
    }
    _settle(home / "model-settings.json", told)
    with _running([python.with_name("mlserver"), "start", str(home)], port, python):
        model = f"http://127.0.0.1:{port}/v2/models/sample"
        wait_for(lambda: httpx.get(f"{model}/ready").is_success, "the model in MLServer")
        yield f"{model}/infer"


def _same() -> list[str]:
    return [f"{name}=={version(name)}" for name in ("scikit-learn", "numpy", "scipy")]


def _settle(file: Path, settings: Mapping[str, object]) -> None:
    file.write_text(json.dumps(settings))


@contextmanager
def _running(command: list[str | Path], port: int, python: Path) -> Iterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    path = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=os.environ | path, start_new_session=True, **quiet
    ) as process:
        try:
            wait_for(lambda: _listens(port), str(command[0]))
            yield
        finally:
            os.killpg(process.pid, 15)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
