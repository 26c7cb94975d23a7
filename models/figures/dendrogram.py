"""The tree of a hierarchical version, and where it is cut."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from models.charts.spec import Axis, Chart, Color, Line, Mark, Panel
from models.figures.data import Cell, FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import legend
from models.tree import Tree

FEWEST_GROUPS: Final = 30
COLUMNS: Final = ("node", "left", "right", "height", "n_customers", "segment", "x")
NOTE: Final = "Below, how many customers are in each group; the tree is kept finer than is shown."


@dataclass(frozen=True, kw_only=True)
class Dendrogram:
    """Which groups of customers are merged at which height, and where that is cut."""

    name: Literal["dendrogram"] = "dendrogram"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """K-Means has no tree."""
        if version.tree is None:
            return "Only hierarchical versions have a tree, and those from before trees were kept do not."
        if len(version.segments) > len(version.shown):
            return f"{len(version.segments):,} segments are too many to see."
        return None if len(version.tree.sizes) > 1 else "The tree is a single group."

    def data(self, version: VersionInput) -> FigureData:
        """Give the nodes of the top of the tree, leaves first, each with its place from the left."""
        tree = version.tree
        if tree is None:
            raise LookupError("there is no tree")
        k = len(version.segments)
        n_groups = min(max(FEWEST_GROUPS, 2 * k), len(tree.sizes))
        names = {segment.index: segment.name for segment in version.segments}
        cells = [(*row, None if segment is None else names[segment]) for row, segment in _top(tree, n_groups, k)]
        return _placed(cells, notes=[NOTE] if n_groups < len(tree.sizes) else [])

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the merges, each in the color of the segment that it lies in, and the cut."""
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
        cut = Line(x=np.array([-0.5, n - 0.5]), y=np.array([between, between]), dashed=True, width=1.5)
        x = Axis(low=-0.5, high=n - 0.5, ticks=ticks, grid=False, title="customers in each group")
        y = Axis(low=0, high=max(top, between) * 1.05, title="height of the merge")
        panel = Panel(x=x, y=y, marks=[*_merges(table, colors), cut])
        title = f"How customers are merged into groups, and where the tree is cut into {len(version.segments)}"
        return Chart(title=title, panels=[panel], notes=table.notes, legend=legend(version), height=430)


def _top(tree: Tree, n_groups: int, k: int) -> Iterator[tuple[tuple[Cell, ...], int | None]]:
    """Give the nodes above and at a fine cut, children first, each with the segment that it lies in, if in one."""
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


def _placed(cells: Sequence[tuple[Cell, ...]], notes: Sequence[str]) -> FigureData:
    """Place the leaves one beside the other so that no two merges cross, and each merge between its parts."""
    children = {row[0]: (row[1], row[2]) for row in cells}
    order: list[Cell] = []
    waiting = [cells[-1][0]]
    while waiting:
        node = waiting.pop()
        left, right = children[node]
        waiting.extend([] if left is None else [right, left])
        order.extend([node] if left is None else [])
    x: dict[Cell, float] = {node: float(i) for i, node in enumerate(order)}
    for node, left, right, *_ in cells:
        if left is not None:
            x[node] = (x[left] + x[right]) / 2
    rows = sorted(
        ((*row, x[row[0]]) for row in cells), key=lambda row: (row[1] is not None, row[-1] if row[1] is None else 0)
    )
    return FigureData(columns=COLUMNS, rows=tuple(rows), notes=tuple(notes))


def _merges(table: FigureData, colors: dict[str, int]) -> Iterator[Mark]:
    """Draw each merge as a bar above its two parts, and a leg down to each, in the color of the segment below it."""
    nodes = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    for node in nodes.values():
        if node["left"] is None:
            continue
        top, parts = node["height"], [nodes[node["left"]], nodes[node["right"]]]
        says = f"{node['n_customers']:,} customers, merged at {top:.3g}"
        yield _stem([part["x"] for part in parts], [top, top], _color(node, colors), says)
        for part in parts:
            says = f"{part['n_customers']:,} customers"
            yield _stem([part["x"]] * 2, [part["height"], top], _color(part, colors), says)


def _color(node: Mapping[str, Cell], colors: Mapping[str, int]) -> Color:
    return colors.get(str(node["segment"]), "muted")


def _stem(x: Sequence[Any], y: Sequence[Any], color: Color, says: str) -> Line:
    ends = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    return Line(x=ends[0], y=ends[1], color=color, width=1.8, hover=[says] * 2)
