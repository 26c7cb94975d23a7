"""The answers as the tables of docs/benchmarks.md."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import mean, median
from typing import Final

from bench.choosing.scoring import Score
from bench.choosing.statistics import (
    brier_score,
    calibration_error,
    chance_of_no_difference,
    only,
    share,
    shown,
)
from bench.markdown import head, row, say

OURS: Final = "this service"
RIVAL: Final = "silhouette"
CERTAIN: Final = 0.95

Says = Callable[[Score], int | None]


def report(scores: Sequence[Score]) -> None:
    """Print how often each is right, and what else a recommendation should be judged by."""
    _show_peers(scores)
    _show_families(scores)
    say("")
    compared = _rivalry(_structured(scores)) if scores[0].peers else ()
    for line in (*compared, *_certainty(scores), *_steadiness(scores)):
        say(f"- {line}")


def _show_peers(scores: Sequence[Score]) -> None:
    structured = _structured(scores)
    unstructured = [score for score in scores if not score.source.is_structured]
    head(
        "exact k",
        f"{len(scores)} tables",
        f"{len(structured)} with segments",
        f"{len(unstructured)} without: says 1",
    )
    for name, says in {OURS: _ours, **{name: _peer(name) for name in scores[0].peers}}.items():
        row(name, *(share(_rights(part, says)) for part in (scores, structured, unstructured)))


def _show_families(scores: Sequence[Score]) -> None:
    head("exact k, by family", "tables", OURS, RIVAL)
    for family in dict.fromkeys(score.source.family for score in scores):
        part = [score for score in scores if score.source.family == family]
        row(
            family.replace("_", " "),
            str(len(part)),
            share(_rights(part, _ours)),
            shown(mean(_rights(part, _peer(RIVAL)))) if part[0].peers else "-",
        )


def _rivalry(scores: Sequence[Score]) -> Iterator[str]:
    ours, rival = _rights(scores, _ours), _rights(scores, _peer(RIVAL))
    yield (
        f"of the tables with segments, {only(ours, rival)} are told right by {OURS} and not by "
        f"{RIVAL}, {only(rival, ours)} the other way round: p = "
        f"{chance_of_no_difference(ours, rival):.2g} (McNemar, exact)"
    )


def _certainty(scores: Sequence[Score]) -> Iterator[str]:
    sure = [
        (score, score.ours.probability) for score in scores if score.ours.probability is not None
    ]
    if not sure:
        return
    chances, rights = [chance for _, chance in sure], _rights((each for each, _ in sure), _ours)
    yield (
        f"the probability of k is off by {shown(calibration_error(chances, rights))} (expected "
        f"calibration error, n = {len(sure)}); Brier score {shown(brier_score(chances, rights))}"
    )
    certain = [right for chance, right in zip(chances, rights, strict=True) if chance >= CERTAIN]
    yield (
        f"of {len(certain)} answers with a probability of {shown(CERTAIN)} or more, "
        f"{certain.count(False)} are wrong"
    )
    yield (
        "the 90 % set holds the truth: "
        f"{share(not set(score.right).isdisjoint(score.ours.credible_set) for score, _ in sure)}"
    )
    yield (
        f"the 90 % set has {mean(len(score.ours.credible_set) for score, _ in sure):.2f} "
        "numbers "
        "on average"
    )


def _steadiness(scores: Sequence[Score]) -> Iterator[str]:
    asked = [score for score in scores if score.with_category is not None]
    seconds = [score.seconds for score in scores]
    same = share(score.with_category == score.ours.k for score in asked)
    again = [score for score in scores if score.of_subsample is not None]
    yield f"the same k beside an unrelated category: {same}, n = {len(asked)}"
    yield (
        "the same k for 80 % of the rows: "
        f"{share(score.of_subsample == score.ours.k for score in again)}, n = {len(again)}"
    )
    yield (
        f"seconds of one recommendation: {median(seconds):.2f} ({min(seconds):.2f} to "
        f"{max(seconds):.2f})"
    )


def _structured(scores: Iterable[Score]) -> list[Score]:
    return [score for score in scores if score.source.is_structured]


def _ours(score: Score) -> int:
    return score.ours.k


def _peer(name: str) -> Says:
    return lambda score: score.peers[name]


def _rights(scores: Iterable[Score], says: Says) -> list[bool]:
    return [says(score) in score.right for score in scores]
