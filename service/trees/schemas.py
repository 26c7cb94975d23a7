"""A tree on the wire."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from models.tree import Branch, Tree
from service.registry.rows import ModelRow, VersionRow
from service.web.schemas import ResponseModel

Segments = Mapping[int, tuple[str, str]]


class Node(ResponseModel):
    """Customers who are merged into one group at some height, and the two groups that it is made of."""

    node: int
    height: float | None = Field(description="Where its two parts are merged; null: the tree is not kept any finer.")
    n_customers: int = Field(description="As assign places them.")
    share: float
    n_groups: int = Field(description="How many of the finest groups lie in it, shown or not.")
    segment: str | None = Field(description="The segment that this is, exactly; null above and below the segments.")
    segment_name: str | None
    children: list["Node"] = Field(description="Two, or none at the depth where the answer ends.")


class CutOut(ResponseModel):
    """Where the tree is cut in this version."""

    k: int
    distance_between: tuple[float, float | None] = Field(
        description="From the first distance on, and below the second, a cut leaves these k segments; null: however "
        "great. Two equal numbers: several merges lie at one height, and only k asks for this cut.",
    )


class TreeOut(ResponseModel):
    """Which groups of customers are merged at which height."""

    model: str
    version: int
    linkage: str
    n_customers: int
    n_groups: int = Field(description="The finest groups that are kept: the most segments that a cut can make.")
    depth: int = Field(description="Down to the deepest of all merges, shown or not.")
    cut: CutOut
    tree: Node

    @classmethod
    def of(cls, model: ModelRow, version: VersionRow, tree: Tree, branch: Branch, names: Mapping[str, str]) -> Self:
        """Show a branch of a version's tree; `names` are those of its segments by their ids, in order."""
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
