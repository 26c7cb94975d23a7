"""Real servers, in homes of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from bench.server import Server


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def serve(home) -> Iterator[Callable[..., Server]]:
    """Start servers in one home, and leave none behind."""
    with ExitStack() as servers:
        yield lambda *options, **settings: servers.enter_context(Server(home, *options, **settings))


@pytest.fixture(scope="session")
def many_customers() -> str:
    """Customers enough, and alike enough, to keep K-Means busy for seconds."""
    points = np.random.default_rng(0).random((60_000, 2))
    return "x,y\n" + "\n".join(f"{x:.6f},{y:.6f}" for x, y in points)
