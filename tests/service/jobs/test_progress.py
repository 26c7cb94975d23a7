import pytest

from service.jobs.progress import INTERVAL, JobSuperseded, ProgressReporter
from service.jobs.rows import JobRow
from tests.support.waiting import eventually


class Taken:
    """Stands for the database: takes progress as long as the job is the attempt's."""

    def __init__(self):
        self.stages: list[str] = []
        self.held = True

    def write(self, act, *, repeatable):
        assert repeatable
        self.stages.append(act.keywords["stage"])
        return self.held


@pytest.fixture
def taken():
    return Taken()


@pytest.fixture
def report(taken):
    return ProgressReporter(taken, JobRow(id="1", attempt=1))


def test_the_first_progress_report_is_written_at_once(report, taken):
    report("reading", 0.0)
    assert taken.stages == ["reading"]


def test_later_reports_are_throttled_and_the_last_one_is_written(report, taken):
    for stage in ("reading", "preparing", "clustering"):
        report(stage, 0.5)
    assert eventually(lambda: taken.stages == ["reading", "clustering"])


def test_a_closed_report_writes_nothing_more(taken):
    report = ProgressReporter(taken, JobRow(id="1", attempt=1), clock=lambda: 0.0)
    report("reading", 0.0)
    report("saving", 0.9)
    report.close()
    assert not eventually(lambda: len(taken.stages) > 1, within=2 * INTERVAL)


def test_a_report_of_a_superseded_attempt_raises_at_the_next_one(report, taken):
    report("reading", 0.0)
    taken.held = False
    report("preparing", 0.1)
    assert eventually(lambda: len(taken.stages) > 1)
    with pytest.raises(JobSuperseded):
        report("clustering", 0.2)
