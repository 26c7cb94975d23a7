"""A small cluster for the tests of the engine, and the jobs that it runs.

A job's id says what it does, and a number tells it from others: "busy-1". Each start is a line in
the job's journal.
"""

import os
import sys
import time
from pathlib import Path

from service.engine.client import current_worker
from service.engine.embedded import run_embedded

JOURNAL = "ENGINE_JOBS_JOURNAL"


def run_job(job_id: str) -> None:
    action, _, _ = job_id.partition("-")
    with _in_journal(job_id).open("a") as journal:
        journal.write(f"{current_worker()} {os.getpid()}\n")
    ACTIONS[action](job_id)


def _pass(_job_id: str) -> None:
    pass


def _be_busy(_job_id: str) -> None:
    while True:
        sum(range(100_000))


def _wait_for_stop(job_id: str) -> None:
    while not _in_journal(f"{job_id}.stop").exists():
        time.sleep(0.01)


def _die(_job_id: str) -> None:
    os._exit(1)


def _in_journal(name: str) -> Path:
    return Path(os.environ[JOURNAL]) / name


ACTIONS = {"quick": _pass, "busy": _be_busy, "polite": _wait_for_stop, "poison": _die}

if __name__ == "__main__":
    run_embedded(
        directory=Path(sys.argv[1]), n_workers=2, memory_limit="1GiB", preload=__spec__.name
    )
