"""`python -m bench.dip_table`: simulate the table of models/kernels/dip_test.py."""

import sys

import numpy as np

from models.kernels.dip_test import SIZES, TAILS, dip_statistic

DRAWS, SEED = 100_000, 1985


def main() -> None:
    """Print the quantiles of sqrt(n) * dip of n uniform values, a row for each n."""
    for n in SIZES:
        row = ", ".join(
            f"{quantile:.4f}" for quantile in simulate(n, DRAWS, np.random.default_rng([SEED, n]))
        )
        sys.stdout.write(f"({row}),  # {n:,}\n")
        sys.stdout.flush()


def simulate(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Give the quantiles of sqrt(n) * dip, one for each tail."""
    dips = [dip_statistic(np.sort(rng.random(n))) for _ in range(draws)]
    return np.sqrt(n) * np.quantile(dips, 1 - np.array(TAILS))


if __name__ == "__main__":
    main()
