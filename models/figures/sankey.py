"""Who moves between two versions, as ribbons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Literal

import numpy as np

from models.charts.spec import Anchor, Area, Axis, Bars, Chart, Floats, Label, Mark, Panel
from models.charts.text_metrics import shortened, width
from models.contingency import Counts
from models.figures.comparison import ComparedSegment, ComparisonInput, n_moved_customers
from models.figures.data import FigureData

# In pixels, as the vertical axis counts: all customers, a segment's least room, and what lies between two segments.
ALL_CUSTOMERS, ROW, GAP = 340.0, 17.0, 7.0
AROUND: Final = 34.0
# Along the horizontal axis a bar is as wide, the ribbons reach from 0 to 1, and words have as much room beside them.
BAR, BESIDE = 0.03, 0.62
TEXT, LONGEST_LABEL = 12.0, 215.0
PALE, STRONG = 0.22, 0.6
LEAST_DRAWN: Final = 0.001  # of all customers
BEND: Final = np.linspace(0, 1, 25)
NOTE: Final = "A ribbon has the color of the segment that it comes from; a pale one stays in its segment."


@dataclass(frozen=True, kw_only=True)
class Sankey:
    """Who moves: where the later version places the customers of each segment."""

    name: Literal["sankey"] = "sankey"

    def unavailable_reason(self, versions: ComparisonInput) -> str | None:
        """Without a customer whom both versions place there is nobody to move."""
        return versions.empty

    def data(self, versions: ComparisonInput) -> FigureData:
        """Give each way that somebody goes, the most frequent first."""
        total = versions.n_customers
        rows = [
            (each.source.name, each.target.name, each.stays, each.n_customers, each.n_customers / total)
            for each in versions.flows
        ]
        columns = ("from_segment", "to_segment", "stays", "n_customers", "share")
        return FigureData(columns=columns, rows=tuple(rows), notes=(NOTE, *_left_out(versions), *versions.notes))

    def draw(self, versions: ComparisonInput, table: FigureData) -> Chart:
        """Draw the segments of either version as bars, and ribbons between them."""
        shown = versions.arranged
        scale = ALL_CUSTOMERS / shown.n_customers
        sizes = [shown.counts.sum(axis=axis) for axis in (1, 0)]
        tall = max(_node_spacing(each * scale).sum() for each in sizes)
        left, right = (_node_offsets(each * scale, tall) for each in sizes)
        marks = [
            *_links(shown, left, right, scale),
            *_side(shown, shown.before, sizes[0], left, at=0.0),
            *_side(shown, shown.after, sizes[1], right, at=1.0),
        ]
        ends = [(float(at), f"version {number}") for at, number in enumerate(versions.numbers)]
        x = Axis(low=-BESIDE, high=1 + BESIDE, ticks=ends, grid=False)
        panel = Panel(x=x, y=Axis(low=tall, high=0.0, hidden=True, grid=False), marks=marks)
        return Chart(title=n_moved_customers(versions), panels=[panel], notes=table.notes, height=tall + AROUND)


def _left_out(versions: ComparisonInput) -> list[str]:
    """Say that there are ways too thin to be drawn."""
    shown = versions.arranged
    thin = [flow.n_customers for flow in shown.flows if flow.n_customers < LEAST_DRAWN * shown.n_customers]
    return [f"{sum(thin):,} customers go {len(thin):,} ways so rare that only the data has them."] if thin else []


def _node_spacing(heights: Floats) -> Floats:
    return np.maximum(heights, ROW) + GAP


def _node_offsets(heights: Floats, tall: float) -> Floats:
    """Share the height out, each bar in the middle of its room."""
    rooms = _node_spacing(heights) + (tall - _node_spacing(heights).sum()) / len(heights)
    return np.asarray(np.cumsum(rooms) - rooms + (rooms - heights) / 2)


def _links(shown: ComparisonInput, left: Floats, right: Floats, scale: float) -> Iterator[Mark]:
    """Give the ribbons of those who stay, then of those who move, the thinnest upon the others."""
    starts = left[:, None] + scale * _before(shown.counts, axis=1)
    ends = right[None, :] + scale * _before(shown.counts, axis=0)
    drawn: list[tuple[bool, int, Area]] = []
    for i, j in np.argwhere(shown.counts >= max(LEAST_DRAWN * shown.n_customers, 1)).tolist():
        source, target, n = shown.before[i], shown.after[j], int(shown.counts[i, j])
        x, y = _outline(float(starts[i, j]), float(ends[i, j]), n * scale)
        stays = source.key == target.key
        color, opacity = shown.colors[source.key], PALE if stays else STRONG
        says = f"{source.name} → {target.name}\n{n:,} customers"
        drawn.append((not stays, -n, Area(x=x, y=y, color=color, opacity=opacity, label=says)))
    yield from (area for _, _, area in sorted(drawn, key=itemgetter(0, 1)))


def _before(counts: Counts, *, axis: int) -> Counts:
    return counts.cumsum(axis=axis) - counts


def _outline(start: float, end: float, thick: float) -> tuple[Floats, Floats]:
    upper = start + (end - start) * BEND**2 * (3 - 2 * BEND)
    return np.concatenate([BEND, BEND[::-1]]), np.concatenate([upper, upper[::-1] + thick])


def _side(
    shown: ComparisonInput, parties: Sequence[ComparedSegment], sizes: Counts, tops: Floats, *, at: float
) -> Iterator[Mark]:
    """Give the segments of one version: bars outside of the ribbons, and what they are called beside them."""
    outward = 2 * at - 1
    heights = sizes * ALL_CUSTOMERS / shown.n_customers
    said = [f"{party.name}\n{size:,} customers" for party, size in zip(parties, sizes.tolist(), strict=True)]
    colors = [shown.colors[party.key] for party in parties]
    where = np.full(len(parties), at + outward * BAR / 2)
    yield Bars(at=where, low=tops, high=tops + heights, colors=colors, width=BAR, hover=said)
    anchor: Anchor = "start" if at else "end"
    for party, size, middle in zip(parties, sizes.tolist(), (tops + heights / 2).tolist(), strict=True):
        yield Label(x=at + outward * (BAR + 0.015), y=middle, text=_called(party, size), anchor=anchor)


def _called(party: ComparedSegment, size: int) -> str:
    count = f"  {size:,}"
    return shortened(party.name, TEXT, LONGEST_LABEL - width(count, TEXT)) + count
