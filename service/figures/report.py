"""A version in one file to mail and to print: no script, and nothing from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from models.drawing.ticks import number

MOST_DIFFERENCES: Final = 4

STYLE: Final = """
body { margin: 0 auto; max-width: 920px; padding: 24px; color: #1F2328; background: #FFF;
       font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
       overflow-wrap: anywhere; }
h1 { font-size: 28px; line-height: 1.2; } h2 { font-size: 20px; margin-top: 36px; } h3 { margin: 0 0 4px; }
figure { margin: 16px 0; } svg { max-width: 100%; height: auto; }
.segment { border-left: 8px solid; padding: 4px 0 4px 18px; margin: 20px 0; }
.quiet { color: #59636E; } ul { margin: 6px 0; padding-left: 20px; }
@media print { body { padding: 0; font-size: 11pt; } h2 { break-after: avoid; }
               .segment, figure { break-inside: avoid; }
               .pictures { break-before: page; } }
@page { margin: 16mm; }
"""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A segment as the report shows it; `profile` is what its version has learned of it."""

    name: str
    description: str | None
    color: str
    profile: Mapping[str, Any]


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
    parts = [*_opening(content), *_cards(content), *_pictures(content), *_method(content)]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )


def _opening(content: Content) -> Iterator[str]:
    learned = f"{content.n_customers:,} customers, by {escape(', '.join(content.features))}."
    yield f"<p>{learned}</p>"
    yield f"<p><strong>How sure is that?</strong> {escape(content.advice or _chosen(content))}</p>"
    yield from _list("What to keep in mind", content.warnings)


def _chosen(content: Content) -> str:
    return f"The number of segments, {len(content.cards)}, was given, not found."


def _cards(content: Content) -> Iterator[str]:
    yield "<h2>The segments</h2>"
    for card in content.cards:
        profile = card.profile
        yield f'<section class="segment" style="border-color:{card.color}"><h3>{escape(card.name)}</h3>'
        size = f"{profile['n_customers']:,} customers, {100 * profile['share']:.1f} %"
        yield f'<p class="quiet">{size}{_trust(profile)}</p>'
        yield f"<p>{escape(card.description)}</p>" if card.description else ""
        yield from _list("", [_difference(each) for each in profile["differs_by"][:MOST_DIFFERENCES]])
        yield f"<p>{_rule(profile['rule'])}</p>" if profile.get("rule") else ""
        yield "</section>"


def _trust(profile: Mapping[str, Any]) -> str:
    stability = profile.get("stability")
    return "" if stability is None else f", comes back with a stability of {stability:.2f} of 1"


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
    yield '<h2 class="pictures">The pictures</h2>' if content.pictures else ""
    yield from (f"<figure>{svg}</figure>" for svg in content.pictures.values())


def _method(content: Content) -> Iterator[str]:
    yield "<h2>Method and limits</h2>"
    yield f"<p>{escape(content.algorithm)}, version {content.version} of the model {escape(content.model)}, learned "
    source = f"version {content.dataset_version} of the dataset {escape(content.dataset)}"
    yield f"from {source} on {escape(content.created)}.</p>"
    told = [
        f"{name.replace('_', ' ')}: {number(value)}" for name, value in content.metrics.items() if value is not None
    ]
    yield from _list("Figures of this fit", told)
    yield (
        "<p>Segments describe the customers of that day. A customer near a border may belong to either side, and a "
        "difference is not a cause: try out what follows from a segment on a part of it before treating all alike.</p>"
    )


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"<h3>{title}</h3>" if title else ""
        yield "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
