"""Fits that take long enough to be stopped in their middle, and what is left of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.server import Server, wait_for

FILES = {
    "kmeans": ("manifest.json", "pipeline.joblib", "scorer.json"),
    "hierarchical": ("manifest.json", "pipeline.joblib", "scorer.json", "tree.json"),
}
LONG = {"name": "kmeans", "n_init": 20, "tol": 0.0, "exact": True}


def begin_long_fit(server: Server, csv: str, model: str) -> str:
    """Start a fit, and give its job once the algorithm runs."""
    server.put_csv("many", csv)
    job = server.post("/v1/models", {"name": model, "dataset": "many", "k": 12, "algorithm": LONG})[
        "job"
    ]
    wait_for(
        lambda: server.get(f"/v1/jobs/{job}")["stage"] == "clustering", "the fit to be under way"
    )
    return job


def fit_quickly(server: Server, model: str) -> dict:
    """Fit a small model, and give its job as it ended."""
    server.put_csv("few", "x,y\n" + "\n".join(f"{n % 7},{n % 5}.5" for n in range(40)))
    return server.finished(
        server.post("/v1/models", {"name": model, "dataset": "few", "k": 2})["job"]
    )


def worker_of(server: Server, job: str) -> psutil.Process:
    """Find the process that runs a job, by the port in its row."""
    with closing(sqlite3.connect(server.home / "metadata.sqlite")) as connection:
        [worker] = connection.execute("SELECT worker FROM jobs WHERE id = ?", [job]).fetchone()
    return next(process for process in server.family() if urlsplit(worker).port in _ports(process))


def files_below(directory: Path) -> list[Path]:
    return [path.relative_to(directory) for path in directory.rglob("*") if path.is_file()]


def files_of_ready_versions(server: Server) -> int:
    """Count the files that the versions which are ready should have."""
    names = [model["model"] for model in server.get("/v1/models")["models"]]
    versions = [
        version
        for name in names
        for version in server.get(f"/v1/models/{name}/versions")["versions"]
    ]
    return sum(
        len(FILES[version["algorithm"]["name"]])
        for version in versions
        if version["state"] == "ready"
    )


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Tell which of some processes have not ended."""
    return [process for process in processes if _lives(process)]


def _ports(process: psutil.Process) -> set[int]:
    return {
        connection.laddr.port
        for connection in process.net_connections()
        if connection.status == "LISTEN"
    }


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
