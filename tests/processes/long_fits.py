"""A fit that takes long enough to be killed in its middle."""

from pathlib import Path

import psutil

from bench.server import Server, wait_for

LONG = {"name": "kmeans", "n_init": 100, "tol": 0.0}
FILES = {"manifest.json", "pipeline.joblib", "scorer.json"}


def begin_long_fit(server: Server, csv: str) -> str:
    """Start a fit of the model `long`, and give its job once the algorithm runs."""
    server.put_csv("many", csv)
    job = server.post("/v1/models", {"name": "long", "dataset": "many", "k": 12, "algorithm": LONG})["job"]
    wait_for(lambda: server.get(f"/v1/jobs/{job}")["stage"] == "clustering", "the fit to be under way")
    return job


def fit_quickly(server: Server) -> dict:
    """Fit a small model, and give its job as it ended."""
    server.put_csv("few", "x,y\n" + "\n".join(f"{n % 7},{n % 5}.5" for n in range(40)))
    return server.finished(server.post("/v1/models", {"name": "quick", "dataset": "few", "k": 2})["job"])


def files_below(directory: Path) -> list[Path]:
    return [path.relative_to(directory) for path in directory.rglob("*") if path.is_file()]


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Tell which of some processes have not ended."""
    return [process for process in processes if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
