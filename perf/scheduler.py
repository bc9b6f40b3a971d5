"""What the scheduler is worth and what it costs: simulated latencies, real REPLs on the strongest tier here.

``python -m perf.scheduler [PART…]``: patterns, limits, costs, copies.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import heapq
import math
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from harlm import HARLM
from harlm.config import SandboxSettings
from harlm.guest.scout.scout import HostReply, Scout
from harlm.guest.worker.functions import HostFunctions
from harlm.protocols import Repl, ReplSetup
from harlm.sandbox.tiers import ChosenSandbox
from harlm.scheduler.broker import Broker, Making
from harlm.scheduler.record import CellRecord
from harlm.types import Context, Early, Usage
from perf.measure import Table, cpu_seconds, report_parts, server_process
from perf.scheduler_patterns import PATTERNS, Pattern

_FUNCTIONS = ("llm_query", "llm_query_batched")
_CHUNKS = 12
_MEDIAN_S, _SIGMA = 0.25, 0.6
_SEEDS = (1, 2, 3)
_LIMITS = (4, 16, 64)
_LIMITED_CALLS = 192
_TIMES = 9
_MANY = 10_000
_ROWS = (100, 1_000, 10_000, 100_000)


class Model:
    """A simulated model: its replies and their times depend only on what is asked.

    Args:
        seed: of replies and times.
        median_s: of the times; 0 for none.
        limit: calls in flight.
    """

    def __init__(self, seed: int, median_s: float = _MEDIAN_S, limit: int = 1 << 30) -> None:
        self._seed = seed
        self._median_s = median_s
        self._slots = asyncio.Semaphore(limit)
        self._asked: Counter[str] = Counter()
        self.broker: Broker | None = None
        self.began, self.ended = math.inf, 0.0

    def known(self, prompt: str) -> tuple[str, float]:
        """The reply to the next call with this prompt, and its latency."""
        self._asked[prompt] += 1
        name = f"{self._seed} {prompt} {self._asked[prompt]}"
        digest = blake2b(name.encode(), digest_size=8).hexdigest()
        latency = (
            self._median_s * math.exp(_SIGMA * random.Random(name).gauss(0, 1)) if self._median_s else 0.0
        )
        return f"{('yes', 'no', 'maybe', 'one')[int(digest[:4], 16) % 4]} {digest[4:10]}", latency

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """A ``ReplHost``."""
        if self.broker is not None:
            return await self.broker.claim(function, arguments)
        return await self._reply(str(arguments["prompt"]))

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        """For a broker."""
        return Making(self._reply(str(arguments["prompt"])), Usage)

    async def _reply(self, prompt: str) -> str:
        text, latency = self.known(prompt)
        async with self._slots:
            self.began = min(self.began, time.perf_counter())
            if latency:
                await asyncio.sleep(latency)
            self.ended = time.perf_counter()
        return text


class CellRunner:
    """One REPL, in which cells are run with and without a scout."""

    def __init__(self, repl: Repl, host: _Switch) -> None:
        self._repl = repl
        self._host = host

    async def run(
        self, cell: str, model: Model, *, ahead: bool, chunks: int = _CHUNKS
    ) -> tuple[float, CellRecord]:
        """The seconds from the first call of a cell to the end of its last one, and what its calls did."""
        names = [f"chunk {at}" for at in range(chunks)]
        await self._repl.run(f"chunks = {names!r}")
        self._host.model = model
        model.broker = Broker(model.begin) if ahead else None
        seen = await self._repl.run(cell, ahead=model.broker)
        record = CellRecord(calls=()) if model.broker is None else await model.broker.close()
        model.broker = None
        if seen.error is not None:
            raise SystemExit(f"a cell of the bench failed:\n{seen.error}")
        return model.ended - model.began, record

    async def wall(self, cell: str, model: Model, *, ahead: bool) -> float:
        """The seconds that a cell takes."""
        self._host.model = model
        model.broker = Broker(model.begin) if ahead else None
        started = time.perf_counter()
        await self._repl.run(cell, ahead=model.broker)
        took = time.perf_counter() - started
        if model.broker is not None:
            await model.broker.close()
            model.broker = None
        return took


class _Switch:
    def __init__(self) -> None:
        self.model = Model(0, 0.0)

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        return await self.model.call(function, arguments)


async def opened(stack: AsyncExitStack, text: str = "the context") -> CellRunner:
    """A REPL on the strongest tier here."""
    sandbox = ChosenSandbox(SandboxSettings(cpu_seconds=600, cell_seconds=600))
    stack.push_async_callback(sandbox.close)
    host = _Switch()
    setup = ReplSetup(context=Context.of_text(text), functions=_FUNCTIONS)
    repl = await sandbox.open(setup, host)
    stack.push_async_callback(repl.close)
    await repl.run("import json")
    return CellRunner(repl, host)


class _Measured(NamedTuple):
    sequential: float
    batched: float
    ours: float
    oracle: float
    calls: int
    early: Early


async def _pattern(cells: CellRunner, pattern: Pattern, seed: int) -> _Measured:
    sequential, _ = await cells.run(pattern.plain, Model(seed), ahead=False)
    batched, _ = await cells.run(pattern.batched, Model(seed), ahead=False)
    ours, record = await cells.run(pattern.plain, Model(seed), ahead=True)
    model = Model(seed)

    def ask(prompt: str, after: float) -> tuple[str, float]:
        text, latency = model.known(prompt)
        return text, after + latency

    oracle = pattern.oracle(ask, [f"chunk {at}" for at in range(_CHUNKS)])
    return _Measured(sequential, batched, ours, oracle, len(record.calls), record.early)


async def patterns() -> Table:
    """The table of patterns."""
    rows: list[list[object]] = []
    efficiencies: dict[bool, list[float]] = {True: [], False: []}
    early = Early()
    async with AsyncExitStack() as stack:
        cells = await opened(stack)
        for pattern in PATTERNS:
            measured = [await _pattern(cells, pattern, seed) for seed in _SEEDS]
            early += sum((each.early for each in measured), Early())
            efficiency = [each.oracle / each.ours for each in measured]
            if not pattern.may_end:
                efficiencies[pattern.is_parallel] += efficiency
            rows.append(
                [
                    pattern.name,
                    sum(each.calls for each in measured) // len(measured),
                    *(
                        f"{statistics.median(each):.2f}"
                        for each in zip(*(each[:4] for each in measured), strict=True)
                    ),
                    f"{statistics.median(each.sequential / each.ours for each in measured):.1f}x",
                    f"{statistics.median(each.batched / each.ours for each in measured):.2f}x",
                    f"{statistics.median(efficiency):.3f}",
                    f"{sum(each.early.wasted for each in measured)} of {sum(each.early.made for each in measured)}",
                ]
            )
    for is_parallel, name in ((True, "all parallel, no exits"), (False, "chains")):
        values = efficiencies[is_parallel]
        rows.append([name, "", "", "", "", "", "", "", f"{statistics.mean(values):.3f}", ""])
    rows.append(["waste, all patterns", *[""] * 8, f"{early.wasted / max(1, early.claimed):.1%}"])
    return Table(
        f"A cell's calls, first to last, in seconds (SIMULATED latencies, log-normal, median {_MEDIAN_S:g} s, sigma "
        f"{_SIGMA:g}; {_CHUNKS} chunks, median of {len(_SEEDS)} seeds)",
        [
            "pattern",
            "calls",
            "sequential",
            "batched",
            "ours",
            "oracle",
            "ours/seq.",
            "ours/batched",
            "efficiency",
            "wasted",
        ],
        rows,
    )


def _list_schedule(latencies: list[float], limit: int) -> float:
    """When the last of some calls ends that begin in order, at most ``limit`` at once (Graham 1969)."""
    free = [0.0] * min(limit, len(latencies))
    for latency in latencies:
        heapq.heappush(free, heapq.heappop(free) + latency)
    return max(free)


async def limits() -> Table:
    """A plain loop with a limit of calls in flight, against list scheduling."""
    cell = "out = []\nfor chunk in chunks:\n    out.append(llm_query(f'summarise {chunk}'))"
    rows: list[list[object]] = []
    async with AsyncExitStack() as stack:
        cells = await opened(stack)
        for limit in _LIMITS:
            ratios, seconds = [], []
            for seed in _SEEDS:
                took, _ = await cells.run(cell, Model(seed, limit=limit), ahead=True, chunks=_LIMITED_CALLS)
                model = Model(seed)
                latencies = [model.known(f"summarise chunk {at}")[1] for at in range(_LIMITED_CALLS)]
                ratios.append(took / _list_schedule(latencies, limit))
                seconds.append(took)
            rows.append([limit, f"{statistics.median(seconds):.2f}", f"{statistics.median(ratios):.3f}"])
    return Table(
        f"A plain loop of {_LIMITED_CALLS} calls with a limit in flight (SIMULATED latencies)",
        ["in flight", "ours, s", "ours / list schedule"],
        rows,
    )


class _Replies:
    """A line on which every reply arrives at once."""

    def __init__(self) -> None:
        self.number = 0
        self._replies: list[HostReply] = []

    def post(self, function: str, arguments: dict[str, Any], needs: list[int], *, is_certain: bool) -> int:
        """See ``harlm.guest.scout.scout.Line``."""
        self.number += 1
        self._replies.append(HostReply(self.number, "yes, it is"))
        return self.number

    def retract(self, numbers: list[int]) -> None:
        """See ``harlm.guest.scout.scout.Line``."""

    def receive(self, *, wait: bool) -> HostReply | None:
        """See ``harlm.guest.scout.scout.Line``."""
        return self._replies.pop(0) if self._replies else None


def _scout_alone(cell: str, chunks: int) -> tuple[float, int]:
    """CPU seconds of a scout going through a cell, and how many calls it found."""
    tree = ast.parse(cell)
    names = {"chunks": [f"chunk {at}" for at in range(chunks)], "__name__": "__main__"}
    line = _Replies()
    gc.collect()
    gc.disable()  # as a scout does, nearly
    before = time.process_time()
    Scout(
        names, {"<cell 1>": tree}, "<cell 1>", line,
        lambda post: HostFunctions(post, lambda name, several: [post(name, each) for each in several]).named(
            list(_FUNCTIONS)
        ),
    ).run(tree.body)  # fmt: skip
    took = time.process_time() - before
    gc.enable()
    return took, line.number


async def costs() -> Table:
    """What a scout costs."""
    rows: list[list[object]] = []
    named = {pattern.name: pattern.plain for pattern in PATTERNS}
    one = statistics.median(_scout_alone(named["plain loop"], 2)[0] for _ in range(_TIMES))
    rows.append(["scout: a cell of 3 calls, CPU ms", round(1000 * one, 2)])
    for name in ("plain loop", "branch + second call", "helper, early return"):
        took, calls = _scout_alone(named[name], 2_000)
        rows.append([f"scout: {name}, {calls:,} calls, CPU ms a call", round(1000 * took / calls, 3)])
    async with AsyncExitStack() as stack:
        small = await opened(stack)
        large = await opened(stack, "a line of the context\n" * 4_700_000)
        quiet = "x = sum(len(str(n)) for n in range(200))"
        for name, cell in (("no calls", quiet), ("one call", "y = llm_query('?')"), ("four calls", _FOUR)):
            for cells, size in ((small, "small context"), (large, "103 MB context")):
                with_scout, without = [], []
                for _ in range(3 * _TIMES):
                    without.append(await cells.wall(cell, Model(1, 0.0), ahead=False))
                    with_scout.append(await cells.wall(cell, Model(1, 0.0), ahead=True))
                more = statistics.median(with_scout) - statistics.median(without)
                rows.append([f"cell with {name}, {size}: later by, ms", round(1000 * more, 2)])
        started = time.perf_counter()
        cell = f"out = []\nfor at in range({_MANY}):\n    out.append(llm_query(f'{{at}}'))"
        _, record = await small.run(cell, Model(1, 0.05), ahead=True)
        rows.append(
            [
                f"loop of {_MANY:,} calls of 50 ms: seconds ({len(record.calls):,} made, {record.early.wasted} wasted)",
                round(time.perf_counter() - started, 2),
            ]
        )
    rows += _through_ask()
    title = "What a scout costs, and a plain loop through HARLM.ask (SIMULATED latencies)"
    return Table(title, ["", "measured"], rows)


async def copies() -> Table:
    """What keeps a scout apart: a fork, or copies in another process."""
    rows: list[list[object]] = []
    make = "rows = [{{'id': at, 'text': 'x' * 20, 'tags': ['a', 'b']}} for at in range({count})]"
    for count in _ROWS:
        row: list[object] = [f"{count:,}"]
        for first in ("pass", "import mmap"):  # with which nothing forks
            async with AsyncExitStack() as stack:
                cells = await opened(stack)
                await cells.wall(first, Model(1, 0.0), ahead=False)
                await cells.wall(make.format(count=count), Model(1, 0.0), ahead=False)
                later = []
                for _ in range(_TIMES):
                    without = await cells.wall(_FOUR, Model(1, 0.0), ahead=False)
                    later.append(await cells.wall(_FOUR, Model(1, 0.0), ahead=True) - without)
                _, record = await cells.run(_FOUR, Model(1, 0.05), ahead=True)
                row += [round(1000 * statistics.median(later), 2), record.early.made]
        rows.append(row)
    return Table(
        "A scout kept apart by a fork or by copies: by how many ms a cell of four calls is later, and how many are early at 50 ms each",
        ["rows of three fields", "fork: later by", "early", "copies: later by", "early"],
        rows,
    )


_FOUR = "out = []\nfor at in range(4):\n    out.append(llm_query(f'{at}'))"


def _through_ask() -> list[list[object]]:
    """A plain loop end to end over HTTP, with and without a scout."""
    rows: list[list[object]] = []
    with server_process() as server, tempfile.TemporaryDirectory() as home:

        def ask(root: str, sub: str, speculation: Any) -> tuple[float, float]:
            client = HARLM(
                model=f"openai/{root}@{server.url}", sub_model=f"openai/{sub}@{server.url}", mode="full", home=home,
                concurrency=64, speculation=speculation, cache=False,
            )  # fmt: skip
            cpu, started = cpu_seconds(), time.perf_counter()
            answer = client.ask("How many?", "a short context")
            assert answer.text == "done", answer
            return time.perf_counter() - started, cpu_seconds() - cpu

        ask("root-LOOK", "sub-0", "safe")
        for speculation in ("off", "safe"):
            slow = statistics.median(ask("root-LOOP-64", "sub-100", speculation)[0] for _ in range(3))
            rows.append([f"64 x 100 ms in a plain loop, HARLM.ask, {speculation}: s", round(slow, 3)])
        fixed = statistics.median(ask("root-LOOK", "sub-0", "safe")[1] for _ in range(_TIMES))
        for speculation in ("off", "safe"):
            cpu = statistics.median(ask("root-LOOP-512", "sub-0", speculation)[1] for _ in range(5))
            each = 1000 * (cpu - fixed) / 512
            rows.append(
                [
                    f"512 calls without latency, {speculation}: host's CPU ms each",
                    round(each, 3),
                ]
            )
    return rows


def main() -> None:
    """Measure all; arguments name what to measure."""
    parts = {"patterns": patterns, "limits": limits, "costs": costs, "copies": copies}
    report_parts(
        "scheduler",
        "The scheduler (SIMULATED latencies)",
        "What a scout gains and costs, in real REPLs: beside one call after another, the reference RLM's batched call as a model "
        "would use it, the critical path worked out by hand, and list scheduling.",
        {name: partial(_of_part, part) for name, part in parts.items()},
    )


def _of_part(part: Callable[[], Coroutine[Any, Any, Table]]) -> list[Table]:
    return [asyncio.run(part())]


if __name__ == "__main__":
    main()
