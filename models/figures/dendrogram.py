"""Dendrogram of a hierarchical version, with its cut."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from models.charts.spec import Axis, Chart, Color, Line, Mark, Panel
from models.figures.data import Cell, FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import legend
from models.tree import Tree

MIN_GROUPS: Final = 30
COLUMNS: Final = ("node", "left", "right", "height", "n_customers", "segment", "x")
NOTE: Final = (
    "The numbers below are customers per group; the stored tree is finer than this figure."
)


@dataclass(frozen=True, kw_only=True)
class Dendrogram:
    """Groups of customers, the heights of their merges, and the cut."""

    name: Literal["dendrogram"] = "dendrogram"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if the version has no tree, or one that cannot be drawn."""
        if version.tree is None:
            return "Only hierarchical versions have a tree; older versions were stored without it."
        if len(version.segments) > len(version.shown):
            return f"{len(version.segments):,} segments are too many for a dendrogram."
        return None if len(version.tree.sizes) > 1 else "The tree is a single group."

    def data(self, version: VersionInput) -> FigureData:
        """Return the top nodes of the tree, leaves first, each with its horizontal position."""
        tree = version.tree
        if tree is None:
            raise LookupError("there is no tree")
        k = len(version.segments)
        n_groups = min(max(MIN_GROUPS, 2 * k), len(tree.sizes))
        names = {segment.index: segment.name for segment in version.segments}
        cells = [
            (*row, None if segment is None else names[segment])
            for row, segment in _top_nodes(tree, n_groups, k)
        ]
        return _layout(cells, notes=[NOTE] if n_groups < len(tree.sizes) else [])

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the merges, each in the color of its segment, and the cut."""
        tree = version.tree
        if tree is None:
            raise LookupError("there is no tree")
        colors = {segment.name: segment.index for segment in version.segments}
        low, high = tree.reach(len(version.segments))
        top = float(table.numbers("height").max())
        between = (low + (top * 1.1 if high is None else high)) / 2
        leaves = [row for row in table.rows if row[1] is None]
        ticks = [(float(row[-1] or 0), f"{row[4]:,}") for row in leaves]
        n = len(leaves)
        cut = Line(
            x=np.array([-0.5, n - 0.5]), y=np.array([between, between]), dashed=True, width=1.5
        )
        x = Axis(low=-0.5, high=n - 0.5, ticks=ticks, grid=False, title="customers in each group")
        y = Axis(low=0, high=max(top, between) * 1.05, title="height of the merge")
        panel = Panel(x=x, y=y, marks=[*_merge_lines(table, colors), cut])
        title = (
            "How customers are merged into groups, and where the tree is cut into "
            f"{len(version.segments)}"
        )
        return Chart(
            title=title, panels=[panel], notes=table.notes, legend=legend(version), height=430
        )


def _top_nodes(tree: Tree, n_groups: int, k: int) -> Iterator[tuple[tuple[Cell, ...], int | None]]:
    """Yield the nodes at and above a fine cut, children first, with their segment if only one."""
    m, roots = len(tree.sizes), tree.roots(n_groups)
    sizes, owner = _sizes(tree), _segments(tree, k)
    for node in sorted(roots):
        yield (node, None, None, 0.0, int(sizes[node])), owner[node]
    for node in range(2 * m - n_groups, 2 * m - 1):
        left, right, height, _ = tree.merges[node - m].tolist()
        yield (node, int(left), int(right), height, int(sizes[node])), owner[node]


def _sizes(tree: Tree) -> list[int]:
    sizes: list[int] = tree.sizes.tolist()
    for left, right, *_ in tree.merges.tolist():
        sizes.append(sizes[int(left)] + sizes[int(right)])
    return sizes


def _segments(tree: Tree, k: int) -> list[int | None]:
    segments: list[int | None] = list(tree.cut(k).tolist())
    for left, right, *_ in tree.merges.tolist():
        one, other = segments[int(left)], segments[int(right)]
        segments.append(one if one == other else None)
    return segments


def _layout(cells: Sequence[tuple[Cell, ...]], notes: Sequence[str]) -> FigureData:
    """Order the leaves without crossings, and center each merge above its children."""
    children = {row[0]: (row[1], row[2]) for row in cells}
    order: list[Cell] = []
    stack = [cells[-1][0]]
    while stack:
        node = stack.pop()
        left, right = children[node]
        stack.extend([] if left is None else [right, left])
        order.extend([node] if left is None else [])
    x: dict[Cell, float] = {node: float(i) for i, node in enumerate(order)}
    for node, left, right, *_ in cells:
        if left is not None:
            x[node] = (x[left] + x[right]) / 2
    rows = sorted(
        ((*row, x[row[0]]) for row in cells),
        key=lambda row: (row[1] is not None, row[-1] if row[1] is None else 0),
    )
    return FigureData(columns=COLUMNS, rows=tuple(rows), notes=tuple(notes))


def _merge_lines(table: FigureData, colors: dict[str, int]) -> Iterator[Mark]:
    """Yield the lines of each merge.

    A bar above its two children, and a leg to each in the child's color.
    """
    nodes = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    for node in nodes.values():
        if node["left"] is None:
            continue
        top, parts = node["height"], [nodes[node["left"]], nodes[node["right"]]]
        hover = f"{node['n_customers']:,} customers, merged at {top:.3g}"
        yield _line([part["x"] for part in parts], [top, top], _color(node, colors), hover)
        for part in parts:
            hover = f"{part['n_customers']:,} customers"
            yield _line([part["x"]] * 2, [part["height"], top], _color(part, colors), hover)


def _color(node: Mapping[str, Cell], colors: Mapping[str, int]) -> Color:
    return colors.get(str(node["segment"]), "muted")


def _line(x: Sequence[Any], y: Sequence[Any], color: Color, hover: str) -> Line:
    ends = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    return Line(x=ends[0], y=ends[1], color=color, width=1.8, hover=[hover] * 2)
