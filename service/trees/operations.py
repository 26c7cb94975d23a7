"""Lookups in a dendrogram."""

from models.tree import Branch, Tree
from service.errors import NotFound


def find_branch(tree: Tree, node: int | None, *, depth: int) -> Branch:
    """Return the branch below a node, or below the root, down to a depth."""
    if node is not None and node >= tree.n_nodes:
        raise NotFound(f"The tree has no node {node}; the root is {tree.n_nodes - 1}")
    return tree.branch(node, depth=depth)
