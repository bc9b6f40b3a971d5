from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from harlm.testing.faults import (
    Status,
)
from harlm.testing.faulty import FaultyServer
from harlm.testing.limits import Limits, go_duration
from tests.support.wire import post, say


async def test_more_at_once_than_allowed_are_refused() -> None:
    with FaultyServer(say, latency_s=0.3, limits=Limits(in_flight=5)) as server:
        async with aiohttp.ClientSession() as session:
            got = [each[0] for each in await asyncio.gather(*(post(session, server) for _ in range(12)))]
            assert sorted(got) == [200] * 5 + [429] * 7
            assert (server.refused, server.most_in_flight, len(server.bills)) == (7, 5, 5)
            assert (await post(session, server))[0] == 200


async def test_a_client_that_keeps_to_the_limit_is_never_refused() -> None:
    with FaultyServer(say, limits=Limits(in_flight=8)) as server:
        async with aiohttp.ClientSession() as session:

            async def worker() -> None:
                for _ in range(50):
                    assert (await post(session, server))[0] == 200

            await asyncio.gather(*(worker() for _ in range(8)))
        assert (server.refused, server.most_in_flight <= 8, len(server.bills)) == (0, True, 400)


async def test_an_empty_bucket_says_when_to_return() -> None:
    with FaultyServer(say, limits=Limits(per_minute=120, burst=2)) as server:
        async with aiohttp.ClientSession() as session:
            got = [await post(session, server) for _ in range(3)]
            assert [each[0] for each in got] == [200, 200, 429]
            headers = got[2][1]
            assert headers["retry-after"] == "1"
            assert 0 < int(headers["retry-after-ms"]) <= 500
            assert json.loads(got[2][2])["error"]["code"] == "rate_limit_exceeded"
            assert "retry-after" not in got[0][1]
            await asyncio.sleep(int(headers["retry-after-ms"]) / 1000)
            assert [(await post(session, server))[0] for _ in range(2)] == [200, 429]
        assert server.refused == 2


async def test_every_reply_tells_the_state_of_the_limits() -> None:
    limits = Limits(per_minute=60, burst=3, tokens_per_minute=6000)
    with FaultyServer(say, faults=[None, Status(503)], limits=limits) as server:
        async with aiohttp.ClientSession() as session:
            told = [(await post(session, server, max_tokens=100))[1] for _ in range(4)]
    assert [each["x-ratelimit-remaining-requests"] for each in told] == ["2", "1", "0", "0"]
    assert {each["x-ratelimit-limit-requests"] for each in told} == {"60"}
    assert {each["x-ratelimit-limit-tokens"] for each in told} == {"6000"}
    assert 5890 <= int(told[0]["x-ratelimit-remaining-tokens"]) <= 5900
    assert told[0]["x-ratelimit-reset-requests"] in {"1s", *(f"{ms}ms" for ms in range(1000))}
    assert told[2]["x-ratelimit-reset-requests"].startswith(("2.", "3s"))


async def test_tokens_are_limited_by_prompt_and_max_tokens() -> None:
    with FaultyServer(say, limits=Limits(tokens_per_minute=100)) as server:
        async with aiohttp.ClientSession() as session:
            got = [(await post(session, server, max_tokens=most)) for most in (40, 40, 40, 200)]
    assert [each[0] for each in got] == [200, 200, 429, 429]
    assert ["retry-after" in each[1] for each in got] == [False, False, True, False]  # 200 never fit


async def test_a_server_may_keep_its_limits_to_itself() -> None:
    with FaultyServer(say, limits=Limits(per_minute=1, headers=False)) as server:
        async with aiohttp.ClientSession() as session:
            for expected in (200, 429):
                status, headers, _ = await post(session, server)
                assert status == expected
                assert not [name for name in headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0001, "0s"),
        (0.12, "120ms"),
        (0.9999, "1s"),
        (1.2, "1.2s"),
        (59.9996, "1m0s"),
        (90.5, "1m30.5s"),
        (360, "6m0s"),
        (7260.25, "2h1m0.25s"),
    ],
)
def test_times_are_written_as_openai_does(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
