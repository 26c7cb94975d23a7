"""HTML report of a version: a single self-contained file without scripts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from models.charts.ticks import number
from models.differences import describe_difference

MAX_DIFFERENCES: Final = 4

STYLE: Final = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 920px; padding: 24px; color: #1F2328; background: #FFF;
       font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
       overflow-wrap: anywhere; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
h1 { font-size: 28px; line-height: 1.2; } h2 { font-size: 20px; margin-top: 36px; }
h3 { margin: 0 0 4px; }
h4 { font-size: 15px; margin: 10px 0 0; }
p { margin: 6px 0; } ul { margin: 6px 0; padding-left: 20px; }
figure { margin: 16px 0; } svg { max-width: 100%; height: auto; }
.segment { display: flex; flex-wrap: wrap; gap: 0 24px; border-left: 8px solid;
  padding: 4px 0 4px 18px;
           margin: 20px 0; }
.segment > div { flex: 1 1 320px; } .segment > figure { flex: 0 1 380px; margin: 0; }
.quiet { color: #59636E; }
@media print { body { padding: 0; font-size: 9.5pt; max-width: none; }
  h2, h3, h4 { break-after: avoid; }
               .segment, figure, li { break-inside: avoid; }
               .segment > figure { flex-basis: 280px; } .segment > div { flex-basis: 280px; }
               .pictures svg { max-height: 235mm; } }
@page { margin: 16mm; }
"""
ONLY_STYLE: Final = "default-src 'none'; style-src 'unsafe-inline'"
IDEAS: Final = (
    "The suggestions on each card are starting points, derived from how the segment differs from "
    "all customers. They "
    "are not proven to work: test each on a part of the segment, and compare with the rest."
)
HENNIG: Final = ((0.85, "highly stable"), (0.6, "moderately stable"), (0.0, "not stable"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """Segment in the report: its profile, suggestions, and a thumbnail as SVG."""

    name: str
    description: str | None
    color: str
    profile: Mapping[str, Any]
    suggestions: Sequence[str]
    thumbnail: str | None


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """Content of a report; `pictures` maps figure names to SVG, in display order."""

    model: str
    version: int
    dataset: str
    dataset_version: int
    n_customers: int
    algorithm: str
    features: Sequence[str]
    metrics: Mapping[str, float | None]
    advice: str | None
    warnings: Sequence[str]
    created: str
    cards: Sequence[Card]
    pictures: Mapping[str, str]


def write_report(content: ReportContent) -> str:
    """Build the HTML page of a report; all user-supplied text is escaped."""
    title = f"{len(content.cards)} segments of {escape(content.dataset)}"
    parts = [*_introduction(content), *_cards(content), *_pictures(content), *_method(content)]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{ONLY_STYLE}">'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )


def _introduction(content: ReportContent) -> Iterator[str]:
    yield f"<p>{content.n_customers:,} customers, by {escape(', '.join(content.features))}.</p>"
    fixed_k = f"The number of segments, {len(content.cards)}, was given, not estimated."
    confidence = f"{escape(content.advice or fixed_k)} {_replication(content)}"
    yield f"<p><strong>How certain is this?</strong> {confidence}</p>"
    yield from _list("h3", "What to keep in mind", content.warnings)


def _replication(content: ReportContent) -> str:
    agreement = content.metrics.get("replication")
    if agreement is None:
        return ""
    return f"Segments fitted on two halves of the customers agree by {agreement:.2f} of 1."


def _cards(content: ReportContent) -> Iterator[str]:
    yield f"<h2>The segments</h2><p>{IDEAS}</p>"
    for card in content.cards:
        figure = f"<figure>{card.thumbnail}</figure>" if card.thumbnail else ""
        text = "".join(_describe(card))
        yield (
            '<section class="segment" '
            f'style="border-color:{card.color}"><div>{text}</div>{figure}</section>'
        )


def _describe(card: Card) -> Iterator[str]:
    profile = card.profile
    size = f"{profile['n_customers']:,} customers, {100 * profile['share']:.1f} %"
    yield f'<h3>{escape(card.name)}</h3><p class="quiet">{size}{_stability(profile)}</p>'
    yield f"<p>{escape(card.description)}</p>" if card.description else ""
    yield from _list(
        "h4",
        "What sets them apart",
        [describe_difference(each) for each in profile["differs_by"][:MAX_DIFFERENCES]],
    )
    yield f"<p>{_rule(profile['rule'])}</p>" if profile.get("rule") else ""
    yield from _list("h4", "What to do", card.suggestions)


def _stability(profile: Mapping[str, Any]) -> str:
    """Describe the stability of a segment in words (thresholds of Hennig 2007)."""
    stability = profile.get("stability")
    if stability is None:
        return ""
    label = next(words for threshold, words in HENNIG if stability >= threshold)
    return f"; {label} ({stability:.2f} of 1)"


def _rule(rule: Mapping[str, Any]) -> str:
    text = f"<strong>Roughly:</strong> {escape(rule['text'])}"
    precision, recall = rule.get("precision"), rule.get("recall")
    if precision is None or recall is None:
        return text
    return f"{text} (precision {100 * precision:.0f} %, recall {100 * recall:.0f} %)"


def _pictures(content: ReportContent) -> Iterator[str]:
    if content.pictures:
        figures = "".join(f"<figure>{svg}</figure>" for svg in content.pictures.values())
        yield f'<section class="pictures"><h2>The pictures</h2>{figures}</section>'


def _method(content: ReportContent) -> Iterator[str]:
    yield "<h2>Method and limits</h2>"
    yield (
        f"<p>{escape(content.algorithm)}, version {content.version} of the model "
        f"{escape(content.model)}, fitted "
    )
    source = f"version {content.dataset_version} of the dataset {escape(content.dataset)}"
    yield f"on {source}, {escape(content.created)}.</p>"
    metrics = [
        f"{name.replace('_', ' ')}: {number(value)}"
        for name, value in content.metrics.items()
        if value is not None
    ]
    yield from _list("h3", "Metrics of this fit", metrics)
    yield (
        "<p>Bars beside a segment show how far it is from all customers: in standard deviations "
        "for a number, as "
        "Cohen's h for a category. Stability is the similarity of a segment to the segments of "
        "resampled customers, "
        "from 0 to 1.</p>"
        "<p>Segments describe the customers of that day. A customer near a border may belong to "
        "either side, and a "
        "difference is not a cause: test each action on a part of a segment before applying it to "
        "all of it.</p>"
    )


def _list(heading: str, title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"<{heading}>{title}</{heading}>"
        yield "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
