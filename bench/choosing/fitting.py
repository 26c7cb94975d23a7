"""`python -m bench.choosing.fitting [repetitions]`.

Fit the weights of models/selection/k_probabilities.py.

Draws tables whose number of segments is known, asks every criterion, and fits both stages of the
rule by penalised maximum likelihood: how many segments there are, if there are any; and whether
there are any. Whole families are then left out in turn: how often the rule is right about families
that it was not fitted on, and how well its probabilities hold there.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, softmax
from threadpoolctl import threadpool_limits

from bench.choosing.statistics import brier_score, calibration_error, share, shown
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

REPETITIONS: Final = 5
PENALTY: Final = 0.5
FOLDS: Final = 8  # of families

Floats = NDArray[np.float64]
Weights = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A table's right numbers of segments, and what the criteria said.

    Attributes
    ----------
    family
        The family of the table.
    right
        The right numbers of segments.
    n
        The number of customers that the criteria looked at.
    verdicts
        The verdict of every criterion.
    """

    family: str
    right: tuple[int, ...]
    n: int
    verdicts: Verdicts

    @property
    def is_structured(self) -> bool:
        """Whether there is more than one segment."""
        return self.right != (1,)


def main() -> None:
    """Print the weights, ready for pasting, and the scores on families that were left out."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    with get_context("spawn").Pool() as pool:
        found = pool.imap(learn_from, fitting_sources(repetitions), chunksize=4)
        lessons = [lesson for lesson in found if lesson]
    report(lessons)


def report(lessons: Sequence[Lesson]) -> None:
    """Print the weights fitted to all lessons, and how they do in and out of their families."""
    families = list(dict.fromkeys(lesson.family for lesson in lessons))
    _say(f"# {len(lessons)} tables of {len(families)} families")
    by_table = [i % FOLDS for i in range(len(lessons))]
    _say(f"# other tables of the same families: {_scores(lessons, by_table)}")
    by_family = [families.index(lesson.family) % FOLDS for lesson in lessons]
    _say(f"# families left out: {_scores(lessons, by_family)}")
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
    return Lesson(family=source.family, right=truth.right, n=sample.n_sampled, verdicts=verdicts)


def fit_which_k(lessons: Sequence[Lesson]) -> dict[str, float]:
    """Fit how many segments there are, on the tables that have some (McFadden 1974).

    Where several numbers are right, their total probability counts.
    """
    told = [(_signs(lesson), lesson) for lesson in lessons if lesson.is_structured]
    usable = [(x, right) for x, lesson in told if len(right := _places(lesson, len(x)))]

    def loss(weights: Floats) -> tuple[float, Floats]:
        surprise, slope = PENALTY / 2 * weights @ weights, PENALTY * weights
        for x, right in usable:
            p = softmax(x @ weights)
            total = p[right].sum()
            surprise -= np.log(total)
            slope = slope + p @ x - p[right] @ x[right] / total
        return float(surprise), slope

    found = minimize(loss, np.zeros(len(WHICH_K)), jac=True, method="L-BFGS-B").x
    return dict(zip(WHICH_K, found.tolist(), strict=True))


def fit_whether(lessons: Sequence[Lesson], which: Weights) -> dict[str, float]:
    """Fit whether there are segments, given which number of them is likeliest."""
    x = np.array([_doubts(lesson, which) for lesson in lessons])
    sign = np.where([lesson.is_structured for lesson in lessons], 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin, penalised = sign * (x @ weights), np.append(0.0, weights[1:])
        surprise = np.logaddexp(0, -margin).sum() + PENALTY / 2 * penalised @ penalised
        return float(surprise), PENALTY * penalised - (sign * expit(-margin)) @ x

    found = minimize(loss, np.zeros(len(WHETHER)), jac=True, method="L-BFGS-B").x
    return dict(zip(WHETHER, found.tolist(), strict=True))


def _signs(lesson: Lesson) -> Floats:
    features = k_features(lesson.verdicts, lesson.n)
    return np.column_stack([features[name] for name in WHICH_K])


def _places(lesson: Lesson, n_ks: int) -> list[int]:
    """Return the rows of the right numbers of segments; the first row is two segments."""
    return [k - 2 for k in lesson.right if k - 2 < n_ks]


def _doubts(lesson: Lesson, which: Weights) -> list[float]:
    likeliest = 2 + int(np.argmax(_signs(lesson) @ list(which.values())))
    features = structure_features(lesson.verdicts, likeliest)
    return [features[name] for name in WHETHER]


def _scores(lessons: Sequence[Lesson], fold_of: Sequence[int]) -> str:
    """Score each fold by the weights fitted to the others."""
    answers = [answer for fold in range(FOLDS) for answer in _answers(lessons, fold_of, fold)]
    rights, chances = [right for right, _ in answers], [chance for _, chance in answers]
    return (
        f"exact k {share(rights)}, expected calibration error "
        f"{shown(calibration_error(chances, rights))}, Brier {shown(brier_score(chances, rights))}"
    )


def _answers(
    lessons: Sequence[Lesson], fold_of: Sequence[int], fold: int
) -> Iterator[tuple[bool, float]]:
    """Yield whether each answer of a fold is right, and its probability."""
    others = [lesson for lesson, its in zip(lessons, fold_of, strict=True) if its != fold]
    which = fit_which_k(others)
    whether = list(fit_whether(others, which).values())
    for lesson, its in zip(lessons, fold_of, strict=True):
        if its == fold:
            yield _answer(lesson, which, whether)


def _answer(lesson: Lesson, which: Weights, whether: Sequence[float]) -> tuple[bool, float]:
    p = expit(np.dot(_doubts(lesson, which), whether))
    chances = np.append(1 - p, p * softmax(_signs(lesson) @ list(which.values())))
    k = 1 + int(chances.argmax())
    return k in lesson.right, float(chances.max())


def _shown(weights: Weights) -> str:
    return "{" + ", ".join(f'"{name}": {weight:.3f}' for name, weight in weights.items()) + "}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
