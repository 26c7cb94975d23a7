"""The usual way to serve a pipeline.

FastAPI, a pandas table, `pipeline.predict`; what `bench` compares with.

Run as `python -m bench.usual pipeline.joblib`; it prints its address.
"""

import socket
import sys
from typing import Any

import joblib
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Customers(BaseModel):
    """What is posted."""

    customers: list[dict[str, Any]]


@app.post("/assignments")
def assign(body: Customers) -> list[int]:
    """Give the segment of each customer."""
    labels: list[int] = app.state.pipeline.predict(pd.DataFrame(body.customers)).tolist()
    return labels


def main(path: str) -> None:
    """Serve a pipeline on a free port."""
    app.state.pipeline = joblib.load(path)
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error")).run([listener])


if __name__ == "__main__":
    main(sys.argv[1])
