"""Response bodies of dendrograms."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from models.tree import Branch, Tree
from service.registry.rows import ModelRow, VersionRow
from service.web.schemas import ResponseModel

Segments = Mapping[int, tuple[str, str]]


class Node(ResponseModel):
    """Group of customers, and the two groups that were merged into it."""

    node: int
    height: float | None = Field(
        description="The height at which its two children are merged; null for a leaf of the "
        "stored tree."
    )
    n_customers: int = Field(description="Number of customers that are assigned to the group.")
    share: float
    n_groups: int = Field(
        description="Number of leaves of the stored tree in the group, shown or not."
    )
    segment: str | None = Field(
        description="The id of the segment that this group is; null above and below the segments."
    )
    segment_name: str | None
    children: list["Node"] = Field(
        description="Two nodes, or none at the depth limit and at leaves."
    )


class CutOut(ResponseModel):
    """Cut of the tree in this version."""

    k: int
    distance_between: tuple[float, float | None] = Field(
        description="Range of distances `[low, high)` at which a cut yields these k segments; a "
        "null `high` means no upper bound. Equal numbers: several merges have the same height, and "
        "only `k` can select this cut.",
    )


class TreeOut(ResponseModel):
    """Dendrogram of a version, from a node down to a depth."""

    model: str
    version: int
    linkage: str
    n_customers: int
    n_groups: int = Field(
        description="Number of leaves of the stored tree, which is the largest number of segments "
        "that a cut can yield."
    )
    depth: int = Field(description="Depth of the whole stored tree, shown or not.")
    cut: CutOut
    tree: Node

    @classmethod
    def of(
        cls,
        model: ModelRow,
        version: VersionRow,
        tree: Tree,
        branch: Branch,
        names: Mapping[str, str],
    ) -> Self:
        """Build the response from a branch.

        `names` maps segment ids to names, ordered by segment index.
        """
        k, total = len(names), int(tree.sizes.sum())
        segments = dict(zip(tree.roots(k), names.items(), strict=True))
        return cls(
            model=model.name,
            version=version.number,
            linkage=version.algorithm["linkage"],
            n_customers=total,
            n_groups=len(tree.sizes),
            depth=tree.depth(),
            cut=CutOut(k=k, distance_between=tree.reach(k)),
            tree=_node(branch, segments, total),
        )


def _node(branch: Branch, segments: Segments, total: int) -> Node:
    segment, name = segments.get(branch.node, (None, None))
    return Node(
        node=branch.node,
        height=branch.height,
        n_customers=branch.n_customers,
        share=branch.n_customers / max(total, 1),
        n_groups=branch.n_groups,
        segment=segment,
        segment_name=name,
        children=[_node(child, segments, total) for child in branch.children],
    )
