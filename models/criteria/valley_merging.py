"""Valley merging: many small groups are joined wherever no valley parts them; what remains are segments."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.criteria.evidence import Evidence, Floats, Labels
from models.criteria.valleys import DEEP, Pair, depth_between
from models.criteria.verdict import Verdict
from models.kernels.lloyd import best_of

GROUPS: Final = 30
MEMBERS: Final = 8
NEIGHBOURS: Final = 4


@dataclass(frozen=True, kw_only=True)
class ValleyMerging:
    """The greatest k at which a valley deeper than .25 parts every two groups, else one.

    Begins with thirty groups of K-Means, so that a small segment is a group of its own from the start, and joins the
    two with the shallowest valley between them again and again; after the idea of Hennig (2010) to merge what a
    mixture has split.
    """

    name: Literal["valley_merging"] = "valley_merging"

    def judge(self, evidence: Evidence) -> Verdict:
        """Score each k from 2 by the shallowest valley between k groups."""
        groups = max(min(GROUPS, len(evidence.points) // MEMBERS), 2)
        partition = best_of(evidence.points, groups, 2, evidence.rng(self.name))
        depths = _join(evidence.points, np.unique(partition.labels, return_inverse=True)[1])
        scores = {k: depths[k] for k in evidence.ks if k in depths}
        deep = [k for k, depth in scores.items() if depth > DEEP]
        return Verdict(criterion=self.name, k=max(deep, default=1), scores=scores, higher_is_better=True)


def _join(points: Floats, labels: Labels) -> dict[int, float]:
    """Give the shallowest valley at each number of groups on the way down to one."""
    members = {group: points[labels == group] for group in range(int(labels.max()) + 1)}
    depths = {pair: depth_between(members[pair[0]], members[pair[1]]) for pair in _neighbours(members)}
    shallowest = {}
    while len(members) > 1:
        one, other = min(depths, key=lambda pair: (depths[pair], pair))
        shallowest[len(members)] = depths[one, other]
        members[one] = np.concatenate([members[one], members.pop(other)])
        near = [pair for pair in _neighbours(members) if pair not in depths or one in pair]
        kept = {pair: depth for pair, depth in depths.items() if one not in pair and other not in pair}
        depths = kept | {pair: depth_between(members[pair[0]], members[pair[1]]) for pair in near}
    return shallowest


def _neighbours(members: dict[int, Floats]) -> list[Pair]:
    names = list(members)
    centers = np.array([members[name].mean(axis=0) for name in names])
    apart = np.linalg.norm(centers[:, None] - centers, axis=2)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
    pairs = {(min(a, b), max(a, b)) for a in range(len(names)) for b in nearest[a].tolist()}
    return sorted((names[a], names[b]) for a, b in pairs)
