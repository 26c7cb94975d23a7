"""The tree behind a hierarchical version, as nested data."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.registry import operations as registry
from service.trees import operations
from service.trees.schemas import TreeOut
from service.web.dependencies import ReadDep, ServicesDep, TenantDep, TreeModelName, VersionRef

DEEPEST = 20

Depth = Annotated[int, Query(ge=0, le=DEEPEST, description="How many merges are shown below one another.")]
NodeNumber = Annotated[int | None, Query(ge=0, lt=2**31, description="Where to begin. Absent: at the root.")]

router = APIRouter(tags=["trees"])


@router.get("/v1/models/{model}/versions/{version}/tree")
def get_tree(
    parts: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: TreeModelName,
    version: VersionRef,
    depth: Depth = 5,
    node: NodeNumber = None,
) -> TreeOut:
    """Show which groups of customers are merged at which height, from the root or another node down to a depth."""
    row, ready = registry.get_ready_version(session, tenant, model, version)
    tree = registry.read_tree(parts.stores, row, ready)
    names = registry.segment_names(session, ready)
    return TreeOut.of(row, ready, tree, operations.find_branch(tree, node, depth=depth), names)
