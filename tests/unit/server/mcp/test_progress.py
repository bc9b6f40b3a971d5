"""Progress: seconds that only grow, no more often than clients can take, and no failure of a client ends a run."""

from __future__ import annotations

import asyncio

import pytest

from harlm import events
from harlm.server.mcp import progress
from harlm.server.mcp.progress import ProgressSink, told


class Client:
    """Keeps what it is told."""

    def __init__(self, fails: bool = False) -> None:
        self.told: list[tuple[float, str]] = []
        self.fails = fails
        self._heard = asyncio.Event()

    async def __call__(self, seconds: float, message: str) -> None:
        self.told.append((seconds, message))
        self._heard.set()
        if self.fails:
            raise OSError("the client has left")

    async def until_told(self, times: int) -> None:
        async with asyncio.timeout(20):
            while len(self.told) < times:
                self._heard.clear()
                await self._heard.wait()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_S", 0.01)


def started() -> events.RunStarted:
    return events.RunStarted(
        seq=1, ts=0, run="r", node="", parent=None, question="q", root_model="m", sub_model="m",
        documents=1, characters=1, tokens=1,
    )  # fmt: skip


def call(number: int) -> events.CallStarted:
    return events.CallStarted(
        seq=number, ts=0, run="r", node="0", parent=None, call=number, role="root", model="m", messages=()
    )


async def test_the_seconds_only_grow() -> None:
    client = Client()
    async with told(client, "reading docs") as run:
        run.emit(started())
        for number in range(5):
            run.emit(call(number))
            await client.until_told(number + 1)
    seconds = [each for each, _ in client.told]
    assert seconds == sorted(set(seconds))


async def test_before_the_run_begins_it_is_said_what_is_done() -> None:
    client = Client()
    async with told(client, "reading docs") as run:
        await client.until_told(1)
        run.emit(started())
        run.emit(call(1))
        await client.until_told(2)
    assert client.told[0][1] == "reading docs"
    assert "0 done, 1 in flight" in client.told[1][1]


async def test_many_events_are_told_at_once() -> None:
    client = Client()
    async with told(client, "") as run:
        run.emit(started())
        for number in range(1_000):
            run.emit(call(number))
    assert len(client.told) == 1
    assert "1000 in flight" in client.told[0][1]


async def test_without_news_the_client_hears_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_AT_LEAST_S", 0.02)
    client = Client()
    async with told(client, "reading docs"):
        await client.until_told(4)


async def test_without_news_and_without_time_passing_it_hears_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "_AT_LEAST_S", 3_600.0)
    client = Client()
    async with told(client, "reading docs"):
        await client.until_told(1)
        await asyncio.sleep(0.1)
    assert len(client.told) == 1


async def test_a_client_that_cannot_be_told_ends_nothing() -> None:
    client = Client(fails=True)
    async with told(client, "reading docs"):
        await client.until_told(1)
        await asyncio.sleep(0.05)
    assert len(client.told) == 1


async def test_after_a_failure_nothing_more_is_told() -> None:
    client, failure = Client(), ValueError("the run failed")
    with pytest.raises(ValueError, match="the run failed"):
        async with told(client, "reading docs"):
            raise failure
    before = len(client.told)
    await asyncio.sleep(0.05)
    assert len(client.told) == before == 0


def test_what_was_read_is_no_news() -> None:
    run = ProgressSink("reading docs")
    assert run.is_news
    run.message()
    assert not run.is_news
