"""A run under way is followed by server-sent events."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.told_runs import BEGUN, ENDED, RUN, call, sink_of, stored, tell
from tests.support.viewer_server import served

LIVE = f"/api/run/{RUN}/live"


async def heard(stream: aiohttp.ClientResponse) -> tuple[str, dict[str, Any]]:
    """The next event, without pings."""
    kind = ""
    while True:
        line = (await asyncio.wait_for(stream.content.readuntil(b"\n"), 20)).decode().rstrip("\n")
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return kind, json.loads(line.removeprefix("data: "))


async def test_news_are_told_until_the_run_ends(tmp_path: Path) -> None:
    sink = sink_of(tmp_path)
    tell(sink, BEGUN)
    async with served(tmp_path) as (client, _), client.get(LIVE) as stream:
        assert stream.content_type == "text/event-stream"
        kind, story = await heard(stream)
        assert (kind, story["is_whole"], story["head"]["state"], story["spans"]) == (
            "story",
            True,
            "running",
            [],
        )
        tell(sink, call(1, 1, 2), first=3)
        _, story = await heard(stream)
        assert (story["is_whole"], story["spans"][0][1]) == (False, "call")
        tell(sink, ENDED, first=5)
        sink.close()
        kinds: list[str] = []
        states: list[str | None] = []
        while not kinds or kinds[-1] != "end":
            kind, story = await heard(stream)
            kinds.append(kind)
            states.append(story.get("head", {}).get("state"))
        assert "ok" in states


async def test_of_a_run_that_has_ended_all_is_told_at_once(tmp_path: Path) -> None:
    stored(tmp_path, [*BEGUN, *ENDED])
    async with served(tmp_path) as (client, _), client.get(LIVE) as stream:
        assert (await heard(stream))[1]["head"]["state"] == "ok"
        assert (await heard(stream))[0] == "end"


async def test_a_killed_run_is_said_to_have_stopped(tmp_path: Path) -> None:
    sink = sink_of(tmp_path)
    tell(sink, [*BEGUN, call(1, 1, 2)[0]])
    async with served(tmp_path) as (client, _), client.get(LIVE) as stream:
        assert (await heard(stream))[1]["head"]["state"] == "running"
        sink.close()  # without an end, as a kill leaves it
        _, story = await heard(stream)
        assert (story["head"]["state"], story["spans"][0][7]) == ("stopped", "stopped")


async def test_too_many_pages_are_refused_and_those_that_leave_make_room(tmp_path: Path) -> None:
    sink = sink_of(tmp_path)
    tell(sink, BEGUN)
    async with served(tmp_path) as (client, _):
        streams = [await client.get(LIVE) for _ in range(16)]
        async with client.get(LIVE) as refused:
            assert refused.status == 503
        for stream in streams:
            stream.close()
        tell(sink, call(1, 1, 2), first=3)  # what is written to those that have left shows that they have
        for _ in range(100):
            async with client.get(LIVE) as again:
                if again.status == 200:
                    break
            await asyncio.sleep(0.1)
            tell(sink, call(2, 1, 2), first=5)
        assert again.status == 200
    sink.close()


async def test_the_server_ends_while_pages_follow(tmp_path: Path) -> None:
    sink = sink_of(tmp_path)
    tell(sink, BEGUN)
    async with served(tmp_path) as (client, _):
        stream = await client.get(LIVE)
        await heard(stream)
    stream.close()
    sink.close()
