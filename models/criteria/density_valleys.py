"""Density valleys: the drop of a kernel density estimate between two groups of points."""

from typing import Final

import numpy as np

from models.criteria.partitions import Floats

DEEP: Final = 0.25
_KNOTS: Final = np.linspace(0, 1, 9)


def depth_between(one: Floats, other: Floats) -> float:
    """Return one minus the ratio of the valley's density to that of the lower peak, from 0 to 1.

    The density is estimated at nine points on the line between both centers, with a Gaussian kernel
    whose bandwidth is half the pooled standard deviation.

    Parameters
    ----------
    one, other
        Shapes (n, d) and (m, d).
    """
    start = one.mean(axis=0)
    direction = other.mean(axis=0) - start
    length = float(direction @ direction)
    if length == 0:
        return 0.0
    along, across = (one - start) @ direction / length, (other - start) @ direction / length
    spread = (
        (along.var() * len(along) + across.var() * len(across)) / (len(along) + len(across))
    ) ** 0.5
    positions, width = np.concatenate([along, across]), 0.5 * max(float(spread), 1e-9)
    density = np.exp(-0.5 * ((_KNOTS[:, None] - positions) / width) ** 2).sum(axis=1)
    # The knots around both centers are peaks, those between them the valley.
    peak = min(density[:3].max(), density[6:].max())
    return float(1 - density[2:7].min() / peak) if peak > 0 else 1.0
