"""Valleys: how much the density sinks between two groups of points."""

from typing import Final

import numpy as np

from models.criteria.partitions import Floats

DEEP: Final = 0.25
_KNOTS: Final = np.linspace(0, 1, 9)


def depth_between(one: Floats, other: Floats) -> float:
    """Give one minus the density in the valley over that of the lower of its two hills, from 0 to 1.

    Along the line through both centers, at nine places from one to the other, as a Gaussian kernel of half the pooled
    standard deviation sees the members of both.

    Parameters
    ----------
    one, other
        Shapes (n, d) and (m, d).
    """
    start = one.mean(axis=0)
    way = other.mean(axis=0) - start
    length = float(way @ way)
    if length == 0:
        return 0.0
    along, across = (one - start) @ way / length, (other - start) @ way / length
    spread = ((along.var() * len(along) + across.var() * len(across)) / (len(along) + len(across))) ** 0.5
    density = _density(np.concatenate([along, across]), 0.5 * max(float(spread), 1e-9))
    hill = min(density[:3].max(), density[6:].max())
    return float(1 - density[2:7].min() / hill) if hill > 0 else 1.0


def _density(x: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((_KNOTS[:, None] - x) / width) ** 2).sum(axis=1))
