"""Pipelined requests, one in each turn of the event loop."""

import asyncio
from functools import partial

from service.web.pipeline_queue import PipelineQueue


def test_pipelined_requests_of_all_connections_leave_turns_for_others():
    async def turns():
        order, queue, loop = [], PipelineQueue(), asyncio.get_running_loop()
        for number in range(3):
            queue.put(partial(order.append, number), loop)
        for _ in range(3):
            await asyncio.sleep(0)
            order.append("other")
        return order

    assert asyncio.run(turns()) == [0, "other", 1, "other", 2, "other"]


def test_a_request_that_is_put_by_another_waits_for_the_next_turn():
    async def turns():
        order, queue, loop = [], PipelineQueue(), asyncio.get_running_loop()
        queue.put(lambda: queue.put(partial(order.append, "second"), loop), loop)
        await asyncio.sleep(0)
        before = order.copy()
        await asyncio.sleep(0)
        return before, order

    assert asyncio.run(turns()) == ([], ["second"])
