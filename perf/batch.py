"""What a batch takes for each question beside single runs and bare requests, and whether its memory stays flat."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import aiohttp

from harlm import HARLM, Budget, Price
from harlm.batch.client_part import AT_ONCE
from harlm.config import Config, ModelSettings
from perf.measure import ServerProcess, Table, report, server_process

_QUESTIONS = 300
_ROUNDS = 5
_MANY = 10_000
_GOAL_MS = 5.0
_MODEL = "openai/sub-0"
_NOTES = {"harbour.md": "The harbour light of Aldermoor was lit in 1871, by Ada Quill.\n" * 12}
_RICH = Budget(usd=1_000.0, tokens=10**9)


def client(server: ServerProcess, home: Path) -> HARLM:
    """A client of the model server, which keeps its runs in ``home``."""
    models = ModelSettings(base_url=server.url, api_key="unused")
    prices = {_MODEL: Price(input=0.1, output=0.1)}
    return HARLM(model=_MODEL, home=home, mode="direct", prices=prices, settings=Config(models=models))


def questions(count: int, of: str) -> list[str]:
    """Different questions, so that no reply of an earlier one is used again."""
    return [f"Who lit light {of}.{number}?" for number in range(count)]


async def in_batch(asking: HARLM, asked: list[str], at: Callable[[int], None] = lambda _: None) -> None:
    """Ask all of them in one batch; ``at`` is told of each row."""
    done = 0
    async with aclosing(asking.abatch(asked, _NOTES, budget=_RICH)) as rows:
        async for row in rows:
            assert row.status == "ok", row
            done += 1
            at(done)
    assert done == len(asked)


async def one_by_one(asking: HARLM, asked: list[str]) -> None:
    """Ask each by itself, as many at once as in a batch."""
    await _at_once(asked, lambda question: asking.aask(question, _NOTES))


async def bare(server: ServerProcess, asked: list[str]) -> None:
    """Only the requests that a run sends: the limit."""
    async with aiohttp.ClientSession() as session:

        async def ask(question: str) -> None:
            body = {
                "model": "sub-0",
                "messages": [{"role": "user", "content": _NOTES["harbour.md"] + question}],
            }
            async with session.post(f"{server.url}/chat/completions", json=body) as reply:
                assert (await reply.json())["choices"][0]["message"]["content"] == "yes"

        await _at_once(asked, ask)


async def _at_once(asked: list[str], ask: Callable[[str], Awaitable[object]]) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(question: str) -> None:
        async with free:
            await ask(question)

    await asyncio.gather(*map(one, asked))


def cpu_ms(work: Awaitable[None]) -> float:
    """CPU milliseconds of this process for each of ``_QUESTIONS``."""

    async def measured() -> float:
        before = time.process_time()
        await work
        return 1_000 * (time.process_time() - before) / _QUESTIONS

    return asyncio.run(measured())


def costs(server: ServerProcess) -> Table:
    """CPU of a question, side by side."""
    ways: dict[str, Callable[[HARLM, list[str]], Awaitable[None]]] = {
        "a batch": in_batch,
        "single runs in one event loop": one_by_one,
        "requests alone": lambda _, asked: bare(server, asked),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as home:
        asking = client(server, Path(home))
        asyncio.run(in_batch(asking, questions(16, "warm")))
        for number in range(_ROUNDS):
            for name, way in ways.items():
                taken[name].append(cpu_ms(way(asking, questions(_QUESTIONS, f"{name}.{number}"))))
    batch, single, alone = (statistics.median(taken[name]) for name in ways)
    rows: list[list[object]] = [[name, statistics.median(each)] for name, each in taken.items()]
    rows += [
        ["the batch beside single runs", batch - single],
        ["the batch beside requests alone", batch - alone],
        ["the goal for what a batch adds to its runs", _GOAL_MS],
    ]
    about = f"CPU of the client for a question, ms (median of {_ROUNDS} rounds of {_QUESTIONS}, {AT_ONCE} at once)"
    return Table(about, ["", "ms"], rows)


def memory(server: ServerProcess) -> Table:
    """Resident memory over one batch of many questions."""
    marks: dict[int, float] = {}

    def at(done: int) -> None:
        if done in (100, 1_000) or done % (_MANY // 5) == 0:
            gc.collect()
            marks[done] = _resident_mb()

    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        asyncio.run(in_batch(client(server, Path(home)), questions(_MANY, "many"), at))
        seconds = time.perf_counter() - began
    rows: list[list[object]] = [[f"{done:,}", each] for done, each in marks.items()]
    return Table(
        f"Resident memory in one batch of {_MANY:,} questions ({seconds:.0f} s)", ["after", "MB"], rows
    )


def _resident_mb() -> float:
    pages = int(Path(f"/proc/{os.getpid()}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure both."""
    with server_process() as server:
        tables = [costs(server), memory(server)]
    report(
        "batch",
        "Batches, over a SIMULATED model",
        "CPU of a question in a batch, of the same run asked alone, and of the bare request; and memory over a long batch. The model "
        "replies at once, with one word.",
        tables,
    )


if __name__ == "__main__":
    main()
