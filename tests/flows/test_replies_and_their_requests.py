"""No reply of a late or confused provider answers another request."""

from __future__ import annotations

import asyncio

import pytest

from harlm.testing import FaultyServer
from harlm.testing.faults import (
    Duplicate,
    Late,
    Reset,
    Truncated,
)
from harlm.types import Message, Sampling
from tests.support.fault_runs import (
    SecondLater,
    Seeded,
    echoed,
    line_to,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_no_reply_answers_another_request() -> None:
    faults = Seeded(
        0.3, (Duplicate(), Reset("half"), Truncated(), Late(0.3), Late(0.05), Reset("headers")), seed=5
    )
    with FaultyServer(words_for(0), faults=faults) as server:
        async with line_to(server, timeout_s=0.2) as line:
            assert all(await asyncio.gather(*(echoed(line, number) for number in range(200))))
    assert faults.faults > 40


async def test_late_replies_to_calls_that_were_given_up_answer_nobody() -> None:
    with FaultyServer(words_for(0), faults=lambda r: Late(0.1) if "odd" in r.prompt else None) as server:
        async with line_to(server) as line:
            odd = (Message(role="user", content="odd"),)
            for number in range(20):
                given_up = [asyncio.create_task(line.complete(odd, Sampling())) for _ in range(4)]
                await asyncio.sleep(0.01)
                for each in given_up:
                    each.cancel()
                await asyncio.gather(*given_up, return_exceptions=True)
                assert await echoed(line, number)


async def test_a_second_reply_on_an_idle_connection_answers_nobody() -> None:
    with FaultyServer(words_for(0), faults=lambda request: SecondLater()) as server:
        async with line_to(server) as line:
            for number in range(5):
                assert await echoed(line, number)
                await asyncio.sleep(0.1)
