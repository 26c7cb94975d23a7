"""Write coalescing: writes that belong together are joined, and no client waits for a write."""

import asyncio

import pytest

from service.web.write_coalescing import MAX_COALESCED_BYTES, CoalescingTransport

HEAD, BODY = b"head ", b"body"


class Wire:
    """A transport that remembers each call."""

    def __init__(self):
        self.calls = []

    def write(self, data):
        self.calls.append(data)

    def is_closing(self):
        return "closed" in self.calls

    def close(self):
        self.calls.append("closed")

    def write_eof(self):
        self.calls.append("ended")


@pytest.fixture
def written():
    """Use a transport; return the system calls before and after the loop iteration."""

    def written(act):
        async def turn():
            wire = Wire()
            act(CoalescingTransport(wire, asyncio.get_running_loop()))
            at_once = wire.calls.copy()
            await asyncio.sleep(0)
            return at_once, wire.calls

        return asyncio.run(turn())

    return written


def test_a_head_and_its_body_are_one_call(written):
    assert written(lambda joined: (joined.write(HEAD), joined.write(BODY))) == ([HEAD + BODY],) * 2


def test_a_head_without_a_body_yet_is_written_before_the_next_turn(written):
    assert written(lambda joined: joined.write(HEAD)) == ([], [HEAD])


def test_a_large_body_is_not_copied(written):
    large = bytes(MAX_COALESCED_BYTES + 1)
    assert written(lambda joined: (joined.write(HEAD), joined.write(large))) == ([HEAD, large],) * 2


@pytest.mark.parametrize(
    ("end", "ended"),
    [(CoalescingTransport.close, "closed"), (CoalescingTransport.write_eof, "ended")],
)
def test_pending_writes_are_flushed_before_the_close(written, end, ended):
    assert written(lambda joined: (joined.write(HEAD), end(joined))) == ([HEAD, ended],) * 2


def test_nothing_is_written_to_a_closed_transport(written):
    assert (
        written(lambda joined: (joined.write(HEAD), joined._transport.close())) == (["closed"],) * 2
    )
