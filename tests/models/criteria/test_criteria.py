"""What holds for every criterion; a new one is tested on arrival."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models import criteria
from models.criteria import CRITERIA, CriterionData

CORNERS = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, 8.66]])
KNOW_UNITS = [
    "knee",
    "mixture_bic",
    "mixture_icl",
]  # an inertia is in squared units, a density in inverse ones

every_criterion = pytest.mark.parametrize(
    "criterion", CRITERIA, ids=lambda criterion: criterion.name
)


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with threadpool_limits(limits=1):  # as a recommendation judges, too
        yield


def rng():
    return np.random.default_rng(0)


THREE = (CORNERS[:, None] + np.random.default_rng(1).normal(size=(3, 200, 2))).reshape(600, 2)
ODD = {
    "eleven points": (rng().normal(size=(11, 2)), 10),
    "one column": (rng().normal(size=(60, 1)), 8),
    "more columns than points": (rng().normal(size=(20, 40)), 8),
    "a column that never varies": (np.column_stack([rng().normal(size=60), np.zeros(60)]), 8),
    "few whole numbers": (rng().integers(0, 4, size=(60, 2)).astype(float), 9),
    "as many segments as distinct points": (np.repeat(rng().normal(size=(6, 2)), 8, axis=0), 6),
    "more segments than distinct points": (np.repeat(rng().normal(size=(5, 2)), 8, axis=0), 7),
    "two distinct points": (np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0), 4),
    "one distinct point": (np.full((20, 2), np.pi), 4),
    "one point far from all": (np.vstack([rng().normal(size=(60, 2)), [[1e6, 1e6]]]), 8),
    "large numbers": (1e9 * rng().normal(size=(60, 2)), 5),
    "small numbers": (1e-9 * rng().normal(size=(60, 2)), 5),
}


VARIANTS = {
    "as they are": (THREE, 6, 0),
    "another seed": (THREE, 6, 7),
    "fewer segments": (THREE, 4, 0),
    "other rows first": (rng().permutation(THREE), 6, 0),
    "other columns first": (THREE[:, ::-1], 6, 0),
    "moved": (THREE + 100.0, 6, 0),
    "in another unit": (THREE * 16, 6, 0),
}


def evidence(points, k_max, seed):
    return CriterionData(points=points, k_max=k_max, seed=seed)


@cache
def variant(name):
    return evidence(*VARIANTS[name])


@cache
def odd(name):
    return evidence(*ODD[name], seed=0)


@cache
def single_bell():
    return evidence(rng().normal(size=(300, 2)), 6, 0)


def test_every_criterion_has_a_name_of_its_own():
    assert len({criterion.name for criterion in CRITERIA}) == len(CRITERIA)


@every_criterion
def test_a_criterion_lives_in_a_file_that_bears_its_name(criterion):
    home = Path(criteria.__file__).parent
    assert type(criterion).__module__.rpartition(".")[2] in criterion.name
    assert (home / f"{type(criterion).__module__.rpartition('.')[2]}.py").exists()


@every_criterion
def test_a_criterion_has_a_docstring_of_its_own(criterion):
    assert not type(criterion).__doc__.startswith(f"{type(criterion).__name__}(")
    assert type(criterion).__doc__ != type(criterion).__base__.__doc__


@every_criterion
@pytest.mark.parametrize("name", VARIANTS)
def test_well_separated_segments_are_found(criterion, name):
    assert criterion.evaluate(variant(name)).k == 3


@every_criterion
def test_a_single_gaussian_is_one_segment_unless_the_docstring_excludes_it(criterion):
    excluded = re.search("never chooses? one", type(criterion).__doc__, re.IGNORECASE)
    assert (criterion.evaluate(single_bell()).k == 1) == (excluded is None)


@every_criterion
@pytest.mark.parametrize("name", ["moved", "in another unit"])
def test_scores_do_not_depend_on_the_origin_and_the_unit(criterion, name):
    if name == "moved" or criterion.name not in KNOW_UNITS:
        expected = criterion.evaluate(variant("as they are")).scores
        assert criterion.evaluate(variant(name)).scores == pytest.approx(
            expected, rel=1e-6, abs=1e-9
        )


@every_criterion
@pytest.mark.parametrize("name", ODD)
def test_a_verdict_is_complete_for_any_points(criterion, name):
    verdict = criterion.evaluate(odd(name))
    assert verdict.criterion == criterion.name
    assert verdict.k is None or verdict.k in odd(name).ks
    assert set(verdict.errors) <= set(verdict.scores) <= set(odd(name).ks)
    assert all(np.isfinite([*verdict.scores.values(), *verdict.errors.values()]))
    assert all(error >= 0 for error in verdict.errors.values())


def test_a_verdict_depends_on_the_seed_and_not_on_other_criteria():
    one, other = evidence(THREE, 6, 0), evidence(THREE, 6, 0)
    forwards = {criterion.name: criterion.evaluate(one) for criterion in CRITERIA}
    backwards = {criterion.name: criterion.evaluate(other) for criterion in reversed(CRITERIA)}
    assert forwards == backwards
