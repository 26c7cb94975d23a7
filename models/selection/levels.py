"""Levels of a hierarchy: segments that are themselves divided into segments."""

from typing import Final

import numpy as np

from models.criteria.partitions import Labels

MIN_NESTED_SHARE: Final = 0.95  # of the customers


def are_levels(coarse: Labels, fine: Labels) -> bool:
    """Return whether one partition divides most segments of the other.

    Nearly every customer's fine segment lies within one coarse segment, and more than half of the
    coarse segments hold several fine ones.
    """
    together = np.zeros((coarse.max() + 1, fine.max() + 1))
    np.add.at(together, (coarse, fine), 1)
    if together.max(axis=0).sum() < MIN_NESTED_SHARE * len(coarse):
        return False
    n_fine = np.bincount(together.argmax(axis=0), minlength=len(together))
    return bool(np.mean(n_fine > 1) > 1 / 2)
