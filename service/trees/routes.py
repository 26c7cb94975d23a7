"""Route of the dendrogram of a hierarchical version."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.registry import operations as registry
from service.trees import operations
from service.trees.schemas import TreeOut
from service.web.dependencies import ReadDep, ServicesDep, TenantDep, TreeModelName, VersionRef

MAX_DEPTH = 20

Depth = Annotated[
    int, Query(ge=0, le=MAX_DEPTH, description="Number of levels to return below the node.")
]
NodeNumber = Annotated[
    int | None, Query(ge=0, lt=2**31, description="The node to start at. Defaults to the root.")
]

router = APIRouter(tags=["trees"])


@router.get("/v1/models/{model}/versions/{version}/tree")
def get_tree(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: TreeModelName,
    version: VersionRef,
    depth: Depth = 5,
    node: NodeNumber = None,
) -> TreeOut:
    """Retrieve the dendrogram of a hierarchical version.

    Returns the groups of customers and the heights at which they are merged, from a node down to a
    depth.
    """
    row, ready = registry.get_ready_version(session, tenant, model, version)
    tree = registry.read_tree(services.stores, row, ready)
    names = registry.segment_names(session, ready)
    return TreeOut.of(row, ready, tree, operations.find_branch(tree, node, depth=depth), names)
