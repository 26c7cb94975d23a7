"""Time of a fit from request to version, beside scikit-learn's fit of prepared points."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from bench.markdown import say, show
from bench.rounds import MEDIANS, ROUNDS, Figure, seconds, take_turns
from bench.server import Server

N, D, K = 20_000, 8, 6
OURS, PLAIN = "through the API", "KMeans.fit alone"


def main() -> None:
    """Measure a service of its own."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as directory, Server(Path(directory) / "home") as server:
        show(measure_learning(server.wait_until_ready()))


def measure_learning(server: Server) -> dict[str, dict[str, Figure]]:
    """Time both in turns; the API also reads the table, measures, profiles, signs and saves."""
    customers, _ = make_blobs(N, D, centers=K, cluster_std=3.0, random_state=0)
    server.put_csv("bench", _csv(customers))
    points = StandardScaler().fit_transform(customers)
    numbers = count(1)
    candidates = {
        OURS: lambda: seconds(lambda: _fit(server, f"bench-{next(numbers)}")),
        PLAIN: lambda: seconds(lambda: KMeans(K, n_init=10, random_state=0).fit(points)),
    }
    return {f"K-Means of {N:,} x {D}, k = {K}, 10 starts: s": take_turns(candidates)}


def _fit(server: Server, name: str) -> None:
    asked = {
        "name": name,
        "dataset": "bench",
        "k": K,
        "algorithm": {"name": "kmeans", "n_init": 10},
    }
    server.worked("/v1/models", asked, wait=30)


def _csv(customers: np.ndarray) -> str:
    header = ",".join(f"f{column}" for column in range(customers.shape[1]))
    return "\n".join([header, *(",".join(f"{value:.6f}" for value in row) for row in customers)])


if __name__ == "__main__":
    main()
