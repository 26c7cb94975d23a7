import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.kernels.best_threshold import best_threshold
from models.profiling.rule_learning import RuleData
from tests.reference.thresholds import all_thresholds

CELLS = st.integers(0, 5)
ROWS = st.lists(
    st.tuples(CELLS, CELLS, CELLS, st.integers(0, 3), st.booleans(), st.booleans()),
    min_size=2,
    max_size=30,
)


@settings(deadline=None)  # the first call compiles
@given(ROWS)
def test_the_best_threshold_is_the_first_best_of_all(rows):
    table = np.array(rows, dtype=np.float64)
    evidence, weights, member, met = (
        RuleData.of(table[:, :3]),
        table[:, 3],
        table[:, 4] > 0,
        table[:, 5] > 0,
    )
    wanted = float(weights @ member)
    assume(wanted)
    known = evidence.order, evidence.steps, weights * met, member, wanted
    scores = all_thresholds(*known).round(9)
    best = np.unravel_index(np.argmax(scores), scores.shape) if scores.any() else (0, -1, -1)
    assert best_threshold(*known) == tuple(map(int, best))
