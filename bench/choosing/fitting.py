"""`python -m bench.choosing.fitting [repetitions]`.

Fit the weights of models/selection/k_probabilities.py.

Draws tables whose number of segments is known, asks every criterion, and fits both stages of the
rule by penalised maximum likelihood: how many segments there are, if there are any; and whether
there are any.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, softmax
from threadpoolctl import threadpool_limits

from bench.choosing.tables import Source, draw, features_of, fitting_sources
from models.selection.evaluation import build_criterion_data, evaluate_criteria
from models.selection.k_probabilities import (
    MAX_K,
    WHETHER,
    WHICH_K,
    Verdicts,
    k_features,
    structure_features,
)
from models.selection.sampling import draw_sample

REPETITIONS: Final = 24
PENALTY: Final = 0.5
FOLDS: Final = 6

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A table's true number of segments, and what the criteria said.

    Attributes
    ----------
    k
        The truth.
    n
        How many customers the criteria looked at.
    verdicts
        Of every criterion.
    """

    k: int
    n: int
    verdicts: Verdicts


def main() -> None:
    """Print the weights, ready for pasting, and their cross-validated scores."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    with get_context("spawn").Pool() as pool:
        lessons = [
            lesson
            for lesson in pool.imap(learn_from, fitting_sources(repetitions), chunksize=4)
            if lesson
        ]
    _say(f"# {len(lessons)} tables; exact k on folds not fitted on: {_across_folds(lessons):.3f}")
    which = fit_which_k(lessons)
    _say(f"WHICH_K: Final = {_shown(which)}")
    _say(f"WHETHER: Final = {_shown(fit_whether(lessons, which))}")


def learn_from(source: Source) -> Lesson | None:
    """Ask every criterion about a table."""
    truth = draw(source)
    if truth is None:
        return None
    with threadpool_limits(limits=1):  # another number of threads gives other last bits
        sample = draw_sample(truth.table, features_of(truth.table), source.seed)
        verdicts = evaluate_criteria(
            build_criterion_data(sample, k_min=1, k_max=MAX_K, seed=source.seed)
        )
    return Lesson(k=truth.k, n=sample.n_sampled, verdicts=verdicts)


def fit_which_k(lessons: Iterable[Lesson]) -> dict[str, float]:
    """Fit how many segments there are, on the tables that have some (McFadden 1974)."""
    told = [lesson for lesson in lessons if lesson.k > 1]
    signs = [
        np.column_stack(list(k_features(lesson.verdicts, lesson.n).values())) for lesson in told
    ]
    usable = [
        (x, lesson.k - 2) for x, lesson in zip(signs, told, strict=True) if lesson.k - 2 < len(x)
    ]

    def loss(weights: Floats) -> tuple[float, Floats]:
        chances = [softmax(x @ weights) for x, _ in usable]
        surprise = -sum(np.log(p[right]) for p, (_, right) in zip(chances, usable, strict=True))
        slope = sum(p @ x - x[right] for p, (x, right) in zip(chances, usable, strict=True))
        return float(surprise + PENALTY / 2 * weights @ weights), slope + PENALTY * weights

    found = minimize(loss, np.zeros(len(WHICH_K)), jac=True, method="L-BFGS-B").x
    return dict(zip(WHICH_K, found.tolist(), strict=True))


def fit_whether(lessons: Iterable[Lesson], which: Mapping[str, float]) -> dict[str, float]:
    """Fit whether there are segments, given which number of them is likeliest."""
    lessons = list(lessons)
    x = np.array([list(_doubts(lesson, which).values()) for lesson in lessons])
    sign = np.where([lesson.k > 1 for lesson in lessons], 1.0, -1.0)

    def loss(weights: Floats) -> float:
        return float(
            np.logaddexp(0, -sign * (x @ weights)).sum() + PENALTY / 2 * weights[1:] @ weights[1:]
        )

    found = minimize(loss, np.zeros(len(WHETHER)), method="L-BFGS-B").x
    return dict(zip(WHETHER, found.tolist(), strict=True))


def _doubts(lesson: Lesson, which: Mapping[str, float]) -> dict[str, float]:
    return structure_features(lesson.verdicts, _likeliest(lesson, which), lesson.n)


def _likeliest(lesson: Lesson, which: Mapping[str, float]) -> int:
    signs = k_features(lesson.verdicts, lesson.n)
    return 2 + int(np.argmax(sum(weight * signs[name] for name, weight in which.items())))


def _across_folds(lessons: list[Lesson]) -> float:
    hits = 0
    for fold in range(FOLDS):
        others = [lesson for i, lesson in enumerate(lessons) if i % FOLDS != fold]
        which = fit_which_k(others)
        whether = fit_whether(others, which)
        hits += sum(_told(lesson, which, whether) == lesson.k for lesson in lessons[fold::FOLDS])
    return hits / len(lessons)


def _told(lesson: Lesson, which: Mapping[str, float], whether: Mapping[str, float]) -> int:
    doubts = _doubts(lesson, which)
    is_structured = expit(sum(weight * doubts[name] for name, weight in whether.items())) > 1 / 2
    return _likeliest(lesson, which) if is_structured else 1


def _shown(weights: Mapping[str, float]) -> str:
    return "{" + ", ".join(f'"{name}": {weight:.3f}' for name, weight in weights.items()) + "}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
