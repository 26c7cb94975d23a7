"""Concurrent writes that share a transaction."""

import asyncio
import threading

import pytest

from service.customers.group_commit import MAX_ROWS, MAX_WRITES, GroupCommit
from service.errors import TableBusy


class Recorder:
    """A commit that records its groups, and waits until it may go on."""

    def __init__(self, fails=lambda _: None):
        self.groups, self._fails = [], fails
        self.began, self.go_on = threading.Event(), threading.Event()

    def __call__(self, target, writes):
        self.groups.append((target, list(writes)))
        self.began.set()
        assert self.go_on.wait(10)
        if error := self._fails(writes):
            raise error
        return [write * 10 for write in writes]


def write_all(commit, writes, target="shop", n_rows=lambda _: 1):
    """Write while another write is being committed; return all outcomes in order."""

    async def run():
        group_commit = GroupCommit(commit, n_rows)
        first = asyncio.create_task(group_commit.write(target, 0))
        await asyncio.to_thread(commit.began.wait)
        others = [asyncio.create_task(group_commit.write(target, write)) for write in writes]
        await asyncio.sleep(0.01)
        commit.go_on.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    return asyncio.run(run())


def test_writes_that_wait_for_a_transaction_share_the_next_one_in_their_order():
    commit = Recorder()
    assert write_all(commit, [1, 2, 3]) == [0, 10, 20, 30]
    assert commit.groups == [("shop", [0]), ("shop", [1, 2, 3])]


def test_a_transaction_has_a_largest_number_of_writes():
    commit = Recorder()
    write_all(commit, range(1, MAX_WRITES + 3))
    assert [len(writes) for _, writes in commit.groups] == [1, MAX_WRITES, 2]


def test_a_transaction_has_a_largest_number_of_rows_unless_one_write_has_more():
    commit = Recorder()
    write_all(commit, [1, 2, 3, 4], n_rows={0: 1, 1: 400, 2: 600, 3: MAX_ROWS + 1, 4: 1}.get)
    assert [writes for _, writes in commit.groups] == [[0], [1, 2], [3], [4]]


def test_a_write_that_fails_unexpectedly_does_not_fail_the_others():
    commit = Recorder(lambda writes: ValueError() if 2 in writes else None)
    outcomes = write_all(commit, [1, 2, 3])
    assert [outcomes[0], outcomes[1], outcomes[3]] == [0, 10, 30]
    assert isinstance(outcomes[2], ValueError)


def test_a_refusal_of_the_service_holds_for_the_whole_group():
    commit = Recorder(lambda writes: TableBusy() if 2 in writes else None)
    outcomes = write_all(commit, [1, 2, 3])
    assert [type(outcome) for outcome in outcomes[1:]] == [TableBusy] * 3
    assert len(commit.groups) == 2


def test_a_write_whose_request_is_cancelled_does_not_stop_the_others():
    commit = Recorder()

    async def run():
        group_commit = GroupCommit(commit, lambda _: 1)
        writes = [asyncio.create_task(group_commit.write("shop", n)) for n in range(3)]
        await asyncio.to_thread(commit.began.wait)
        writes[0].cancel()
        writes[1].cancel()
        commit.go_on.set()
        return await asyncio.gather(*writes, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert outcomes[2] == 20
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[:2])


@pytest.mark.parametrize("n_targets", [1, 3])
def test_each_target_has_transactions_of_its_own(n_targets):
    commit = Recorder()
    commit.go_on.set()

    async def run():
        group_commit = GroupCommit(commit, lambda _: 1)
        await asyncio.gather(*(group_commit.write(n % n_targets, n) for n in range(6)))

    asyncio.run(run())
    assert {target for target, _ in commit.groups} == set(range(n_targets))
    assert all(n % n_targets == target for target, writes in commit.groups for n in writes)
