"""A version in one file to mail and to print: no script, and nothing from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from models.charts.ticks import number

MOST_DIFFERENCES: Final = 4

STYLE: Final = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 920px; padding: 24px; color: #1F2328; background: #FFF;
       font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
       overflow-wrap: anywhere; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
h1 { font-size: 28px; line-height: 1.2; } h2 { font-size: 20px; margin-top: 36px; } h3 { margin: 0 0 4px; }
h4 { font-size: 15px; margin: 10px 0 0; }
p { margin: 6px 0; } ul { margin: 6px 0; padding-left: 20px; }
figure { margin: 16px 0; } svg { max-width: 100%; height: auto; }
.segment { display: flex; flex-wrap: wrap; gap: 0 24px; border-left: 8px solid; padding: 4px 0 4px 18px;
           margin: 20px 0; }
.segment > div { flex: 1 1 320px; } .segment > figure { flex: 0 1 380px; margin: 0; }
.quiet { color: #59636E; }
@media print { body { padding: 0; font-size: 9.5pt; max-width: none; } h2, h3, h4 { break-after: avoid; }
               .segment, figure, li { break-inside: avoid; }
               .segment > figure { flex-basis: 280px; } .segment > div { flex-basis: 280px; }
               .pictures svg { max-height: 235mm; } }
@page { margin: 16mm; }
"""
ONLY_STYLE: Final = "default-src 'none'; style-src 'unsafe-inline'"
IDEAS: Final = (
    "What each card suggests are questions to begin with, drawn from what sets the segment apart. The figures do not "
    "say what would work: try it on a part of the segment, and compare with the rest."
)
HENNIG: Final = ((0.85, "comes back nearly every time"), (0.6, "comes back most of the time"), (0.0, "is not stable"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """A segment as the report shows it: what its version has learned of it, what to try, and a picture as SVG."""

    name: str
    description: str | None
    color: str
    profile: Mapping[str, Any]
    suggestions: Sequence[str]
    portrait: str | None


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a report tells: pictures are SVG by their names, in their order."""

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


def write_report(content: Content) -> str:
    """Write the report as one page of HTML; every word that is not ours is escaped."""
    title = f"{len(content.cards)} segments of {escape(content.dataset)}"
    parts = [*_introduction(content), *_cards(content), *_pictures(content), *_method(content)]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{ONLY_STYLE}">'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )


def _introduction(content: Content) -> Iterator[str]:
    learned = f"{content.n_customers:,} customers, by {escape(', '.join(content.features))}."
    yield f"<p>{learned}</p>"
    sure = f"{escape(content.advice or _chosen(content))} {_replication(content)}"
    yield f"<p><strong>How sure is that?</strong> {sure}</p>"
    yield from _list("h3", "What to keep in mind", content.warnings)


def _chosen(content: Content) -> str:
    return f"The number of segments, {len(content.cards)}, was given, not found."


def _replication(content: Content) -> str:
    agreement = content.metrics.get("replication")
    if agreement is None:
        return ""
    return f"Learned anew from two halves of the customers, the segments agree by {agreement:.2f} of 1."


def _cards(content: Content) -> Iterator[str]:
    yield f"<h2>The segments</h2><p>{IDEAS}</p>"
    for card in content.cards:
        figure = f"<figure>{card.portrait}</figure>" if card.portrait else ""
        told = "".join(_describe(card))
        yield f'<section class="segment" style="border-color:{card.color}"><div>{told}</div>{figure}</section>'


def _describe(card: Card) -> Iterator[str]:
    profile = card.profile
    size = f"{profile['n_customers']:,} customers, {100 * profile['share']:.1f} %"
    yield f'<h3>{escape(card.name)}</h3><p class="quiet">{size}{_trust(profile)}</p>'
    yield f"<p>{escape(card.description)}</p>" if card.description else ""
    yield from _list(
        "h4", "What sets them apart", [_difference(each) for each in profile["differs_by"][:MOST_DIFFERENCES]]
    )
    yield f"<p>{_rule(profile['rule'])}</p>" if profile.get("rule") else ""
    yield from _list("h4", "What to do", card.suggestions)


def _trust(profile: Mapping[str, Any]) -> str:
    """Say how often a segment comes back from other customers of the same kind (thresholds of Hennig 2007)."""
    stability = profile.get("stability")
    if stability is None:
        return ""
    says = next(words for least, words in HENNIG if stability >= least)
    return f"; {says} ({stability:.2f} of 1)"


def _difference(found: Mapping[str, Any]) -> str:
    """Say in plain words what sets a segment apart."""
    if found.get("category") is not None:
        here, overall = f"{100 * found['here']:.0f} %", f"{100 * found['overall']:.0f} %"
        return f"{here} are {found['category']} ({found['feature']}), against {overall} of all"
    side = "above" if found["here"] > found["overall"] else "below"
    return f"{found['feature']}: typically {number(found['here'])}, {side} the {number(found['overall'])} of all"


def _rule(rule: Mapping[str, Any]) -> str:
    known = rule.get("precision") is not None and rule.get("recall") is not None
    how = f" ({100 * rule['precision']:.0f} % right, finds {100 * rule['recall']:.0f} %)" if known else ""
    return f"<strong>Roughly:</strong> {escape(rule['text'])}{how}"


def _pictures(content: Content) -> Iterator[str]:
    if content.pictures:
        figures = "".join(f"<figure>{svg}</figure>" for svg in content.pictures.values())
        yield f'<section class="pictures"><h2>The pictures</h2>{figures}</section>'


def _method(content: Content) -> Iterator[str]:
    yield "<h2>Method and limits</h2>"
    yield f"<p>{escape(content.algorithm)}, version {content.version} of the model {escape(content.model)}, learned "
    source = f"version {content.dataset_version} of the dataset {escape(content.dataset)}"
    yield f"from {source} on {escape(content.created)}.</p>"
    told = [
        f"{name.replace('_', ' ')}: {number(value)}" for name, value in content.metrics.items() if value is not None
    ]
    yield from _list("h3", "Figures of this fit", told)
    yield (
        "<p>Bars beside a segment show how far it is from all customers: a number in standard deviations, a category "
        "as Cohen's h. Stability is how much of a segment comes back when other customers of the same kind are "
        "drawn.</p>"
        "<p>Segments describe the customers of that day. A customer near a border may belong to either side, and a "
        "difference is not a cause: try out what follows from a segment on a part of it before treating all alike.</p>"
    )


def _list(heading: str, title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"<{heading}>{title}</{heading}>"
        yield "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
