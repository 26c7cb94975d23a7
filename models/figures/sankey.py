"""Sankey diagram of the customers that move between two versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Literal

import numpy as np

from models.charts.spec import Anchor, Area, Axis, Bars, Chart, Floats, Label, Mark, Panel
from models.charts.text_metrics import shortened, width
from models.contingency import Counts
from models.figures.comparison import ComparedSegment, ComparisonInput, moved_title
from models.figures.data import FigureData

# Pixels of the vertical axis: all customers, the minimum height of a segment, and the gap between
# two segments.
ALL_CUSTOMERS, ROW, GAP = 340.0, 17.0, 7.0
AROUND: Final = 34.0
# Units of the horizontal axis, on which ribbons reach from 0 to 1: the width of a bar and of the
# labels.
BAR, BESIDE = 0.03, 0.62
TEXT, MAX_LABEL_WIDTH = 12.0, 215.0
PALE, STRONG = 0.22, 0.6
MIN_DRAWN_SHARE: Final = 0.001  # of all customers
BEND: Final = np.linspace(0, 1, 25)
NOTE: Final = (
    "A ribbon has the color of the segment that it comes from; a pale one stays in its segment."
)


@dataclass(frozen=True, kw_only=True)
class Sankey:
    """Flows of customers between the segments of two versions."""

    name: Literal["sankey"] = "sankey"

    def unavailable_reason(self, versions: ComparisonInput) -> str | None:
        """Return the reason if no customer is assigned by both versions."""
        return versions.empty_reason

    def data(self, versions: ComparisonInput) -> FigureData:
        """Return all flows, the largest first."""
        total = versions.n_customers
        rows = [
            (
                each.source.name,
                each.target.name,
                each.is_same_segment,
                each.n_customers,
                each.n_customers / total,
            )
            for each in versions.flows
        ]
        columns = ("from_segment", "to_segment", "stays", "n_customers", "share")
        return FigureData(
            columns=columns,
            rows=tuple(rows),
            notes=(NOTE, *_omitted_note(versions), *versions.notes),
        )

    def draw(self, versions: ComparisonInput, table: FigureData) -> Chart:
        """Draw the segments of both versions as bars, with ribbons between them."""
        shown = versions.for_display
        scale = ALL_CUSTOMERS / shown.n_customers
        sizes = [shown.counts.sum(axis=axis) for axis in (1, 0)]
        tall = max(_node_spacing(each * scale).sum() for each in sizes)
        left, right = (_node_offsets(each * scale, tall) for each in sizes)
        marks = [
            *_links(shown, left, right, scale),
            *_segment_marks(shown, shown.before, sizes[0], left, at=0.0),
            *_segment_marks(shown, shown.after, sizes[1], right, at=1.0),
        ]
        ends = [(float(at), f"version {number}") for at, number in enumerate(versions.numbers)]
        x = Axis(low=-BESIDE, high=1 + BESIDE, ticks=ends, grid=False)
        panel = Panel(x=x, y=Axis(low=tall, high=0.0, hidden=True, grid=False), marks=marks)
        return Chart(
            title=moved_title(versions), panels=[panel], notes=table.notes, height=tall + AROUND
        )


def _omitted_note(versions: ComparisonInput) -> list[str]:
    """Return a note if some flows are too small to draw."""
    shown = versions.for_display
    thin = [
        flow.n_customers
        for flow in shown.flows
        if flow.n_customers < MIN_DRAWN_SHARE * shown.n_customers
    ]
    if not thin:
        return []
    return [
        (
            f"{sum(thin):,} customers in {len(thin):,} small flows are not drawn, but are part of "
            "the data."
        )
    ]


def _node_spacing(heights: Floats) -> Floats:
    return np.maximum(heights, ROW) + GAP


def _node_offsets(heights: Floats, tall: float) -> Floats:
    """Distribute bars over the height, each centered in its space."""
    rooms = _node_spacing(heights) + (tall - _node_spacing(heights).sum()) / len(heights)
    return np.asarray(np.cumsum(rooms) - rooms + (rooms - heights) / 2)


def _links(shown: ComparisonInput, left: Floats, right: Floats, scale: float) -> Iterator[Mark]:
    """Yield the ribbons of customers that stay, then of those that move, the thinnest on top."""
    starts = left[:, None] + scale * _offsets(shown.counts, axis=1)
    ends = right[None, :] + scale * _offsets(shown.counts, axis=0)
    drawn: list[tuple[bool, int, Area]] = []
    for i, j in np.argwhere(shown.counts >= max(MIN_DRAWN_SHARE * shown.n_customers, 1)).tolist():
        source, target, n = shown.before[i], shown.after[j], int(shown.counts[i, j])
        start, end = float(starts[i, j]), float(ends[i, j])
        upper = start + (end - start) * BEND**2 * (3 - 2 * BEND)
        x, y = np.concatenate([BEND, BEND[::-1]]), np.concatenate([upper, upper[::-1] + n * scale])
        is_same_segment = source.key == target.key
        color, opacity = shown.colors[source.key], PALE if is_same_segment else STRONG
        hover = f"{source.name} → {target.name}\n{n:,} customers"
        drawn.append(
            (not is_same_segment, -n, Area(x=x, y=y, color=color, opacity=opacity, label=hover))
        )
    yield from (area for _, _, area in sorted(drawn, key=itemgetter(0, 1)))


def _offsets(counts: Counts, *, axis: int) -> Counts:
    return counts.cumsum(axis=axis) - counts


def _segment_marks(
    shown: ComparisonInput,
    segments: Sequence[ComparedSegment],
    sizes: Counts,
    tops: Floats,
    *,
    at: float,
) -> Iterator[Mark]:
    """Yield the segments of one version.

    Bars at the ends of the ribbons, with labels beside them.
    """
    outward = 2 * at - 1
    heights = sizes * ALL_CUSTOMERS / shown.n_customers
    hover = [
        f"{segment.name}\n{size:,} customers"
        for segment, size in zip(segments, sizes.tolist(), strict=True)
    ]
    colors = [shown.colors[segment.key] for segment in segments]
    where = np.full(len(segments), at + outward * BAR / 2)
    yield Bars(at=where, low=tops, high=tops + heights, colors=colors, width=BAR, hover=hover)
    anchor: Anchor = "start" if at else "end"
    for segment, size, middle in zip(
        segments, sizes.tolist(), (tops + heights / 2).tolist(), strict=True
    ):
        yield Label(
            x=at + outward * (BAR + 0.015), y=middle, text=_label_text(segment, size), anchor=anchor
        )


def _label_text(segment: ComparedSegment, size: int) -> str:
    count = f"  {size:,}"
    return shortened(segment.name, TEXT, MAX_LABEL_WIDTH - width(count, TEXT)) + count
