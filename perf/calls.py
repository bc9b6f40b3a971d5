"""What the call layer costs and what it is worth. Servers are ``perf.faulty_server``, each in a process of its own."""

from __future__ import annotations

import asyncio
import compileall
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import msgspec

import harlm
from harlm import HARLM, Budget, DeadlineExceeded, HarlmError
from harlm.budget import Account, Billing, Caps, PriceList
from harlm.budget.pressure import NO_SPECULATION
from harlm.config import Config, ModelSettings
from harlm.errors import ModelError, RateLimited
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat
from harlm.models.wrappers import KnownLimits, Layers
from harlm.tokens.exact import tokenizer_of
from harlm.types import Message, Price, Sampling
from perf.measure import Table, report, server_process

_PROMPT = "The answer stands somewhere in this text. " * 195  # 8 kB
_MODEL = "words-240"  # 1.2 kB
_ANSWER_TOKENS = 512
_LARGE = Caps(micros=1_000_000_000)  # limited, so that prompts are measured and reserved

_IN_FLIGHT = (16, 64, 256)
_ROUNDS, _CALLS = 4, 512
_BURST, _AT_ONCE, _A_MINUTE, _LATENCY_S = 512, 20, 600, 0.05
_USUAL, _LATER_RUNS = 32, 3
_PACED, _PACED_BURST = 120, 20
_RUNS, _RUNS_AT_ONCE, _FAULTS = 300, 6, 0.05
_FAN_OUT, _STREAMS, _FAN_OUTS, _LEARNING = 20, 2, 180, 10
_MEDIAN_S, _SIGMA = 0.03, 0.9
_SLOW_CALLS, _TIMEOUTS = 64, 7

Call = Callable[[], Awaitable[object]]
Row = list[object]

_server = partial(server_process, "perf.faulty_server")


def _adapter(url: str, transport: Transport) -> OpenAIChat:
    return OpenAIChat(
        Endpoint(
            name=f"openai/{_MODEL}", model=_MODEL, base_url=url, key=None, key_hint="", transport=transport
        ),
        window=128_000,
    )


@asynccontextmanager
async def _bare(url: str, prompt: str = _PROMPT) -> AsyncIterator[Call]:
    """Calls through the adapter alone."""
    messages, sampling = [Message(role="user", content=prompt)], Sampling(max_tokens=_ANSWER_TOKENS)
    async with Transport(ModelSettings()) as transport:
        model = _adapter(url, transport)
        yield lambda: model.complete(messages, sampling)


@asynccontextmanager
async def _ours(
    url: str,
    concurrency: int,
    *,
    hedges: bool = True,
    prompt: str = _PROMPT,
    known: KnownLimits | None = None,
) -> AsyncIterator[Call]:
    """Calls through all layers, put together for each as ``Run`` does for a node below the root, by one run that begins with
    what is ``known``.
    """
    messages, sampling = [Message(role="user", content=prompt)], Sampling(max_tokens=_ANSWER_TOKENS)
    async with Transport(ModelSettings()) as transport:
        model = _adapter(url, transport)
        layers = Layers(concurrency=concurrency, hedges=hedges, known=known)
        layers.add(model, url)
        billing = Billing(PriceList(own={model.name: Price(input=0.25, output=2.0)}), tokenizer_of)
        account = Account(_LARGE).child()

        def call() -> Awaitable[object]:
            line = layers.around(
                model,
                lambda each: billing.metered(each, account),
                on_event=lambda event: None,
                may_hedge=lambda: account.pressure < NO_SPECULATION,
            )
            return line.complete(messages, sampling)

        yield call
        layers.remember()


# -- CPU -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[Call]:
    """The same requests, from bare aiohttp."""
    body = {
        "model": _MODEL,
        "messages": [{"role": "user", "content": _PROMPT}],
        "max_tokens": _ANSWER_TOKENS,
    }
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call() -> object:
            data = msgspec.json.encode(body)
            async with session.post(f"{url}/chat/completions", data=data, headers=headers) as response:
                return msgspec.json.decode(await response.read())

        yield call


async def _cpu_of(calls: Call, in_flight: int) -> float:
    """Milliseconds of CPU for each call, with so many under way."""

    async def one_after_another(count: int) -> None:
        for _ in range(count):
            await calls()

    await asyncio.gather(*(calls() for _ in range(in_flight)))  # connections are open from here on
    before = time.process_time()
    await asyncio.gather(*(one_after_another(_CALLS // in_flight) for _ in range(in_flight)))
    return 1000 * (time.process_time() - before) / _CALLS


async def _cpu() -> Table:
    taken: dict[tuple[str, int], list[float]] = {}
    with _server("--latency", 0.02) as server:
        for _ in range(_ROUNDS):
            for in_flight in _IN_FLIGHT:
                kinds = {
                    "ours": _ours(server.url, in_flight),
                    "adapter": _bare(server.url),
                    "aiohttp": _aiohttp(server.url),
                }
                for kind, opened in kinds.items():
                    async with opened as call:
                        taken.setdefault((kind, in_flight), []).append(await _cpu_of(call, in_flight))
    rows = [
        [each, *(_with_best(taken[kind, each]) for kind in ("ours", "adapter", "aiohttp"))]
        for each in _IN_FLIGHT
    ]
    header = ["in flight", "HARLM", "the adapter alone", "bare aiohttp (limit)"]
    return Table("CPU ms a call: median [best]", header, rows)


def _with_best(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}]"


# -- limits ----------------------------------------------------------------------------------------------


async def _backing_off(call: Call) -> object:
    """What most clients do: try again after 0.5, 1, 2, 4, 8, 8, … s."""
    attempt = 0
    while True:
        try:
            return await call()
        except ModelError as error:
            if not isinstance(error, RateLimited):
                raise
            await asyncio.sleep(min(8.0, 0.5 * 2**attempt) * random.uniform(0.75, 1.0))
            attempt += 1


async def _burst(calls: int, *, burst: int, naive: bool, concurrency: int = _BURST) -> tuple[float, float]:
    """Percent of requests that were refused, and seconds."""
    options = ("--in-flight", _AT_ONCE, "--per-minute", _A_MINUTE, "--burst", burst, "--latency", _LATENCY_S)
    with _server(*options) as server:
        opened = _bare(server.url, "?") if naive else _ours(server.url, concurrency, prompt="?")
        async with opened as call:
            started = time.perf_counter()
            await asyncio.gather(*(_backing_off(call) if naive else call() for _ in range(calls)))
            took = time.perf_counter() - started
        seen = server.counts()
    assert seen["delivered"] >= calls
    return 100 * seen["refused"] / seen["requests"], took


async def _limits() -> Table:
    ours = [await _burst(_BURST, burst=_A_MINUTE, naive=False) for _ in range(3)]
    usual = [await _burst(_BURST, burst=_A_MINUTE, naive=False, concurrency=_USUAL) for _ in range(3)]
    naive = await _burst(_BURST, burst=_A_MINUTE, naive=True)
    paced = await asyncio.gather(
        *(_burst(_PACED, burst=_PACED_BURST, naive=each) for each in (False, True))
    )  # mostly waiting, each on its own server
    served = f"{_BURST} calls at once, {_AT_ONCE} are served"
    slowly = f"{_PACED} calls, a burst of {_PACED_BURST}, then {_A_MINUTE} a minute"
    at_best = _BURST / _AT_ONCE * _LATENCY_S
    rows: list[Row] = [
        [f"{served}: answered 429, %", _middle(ours, 0), naive[0], 0.0],
        [f"{served}: seconds", _middle(ours, 1), naive[1], at_best],
        [f"{served}, {_USUAL} in flight at most: answered 429, %", _middle(usual, 0), "-", 0.0],
        [f"{served}, {_USUAL} in flight at most: seconds", _middle(usual, 1), "-", at_best],
        [f"{slowly}: answered 429, %", paced[0][0], paced[1][0], 0.0],
        [f"{slowly}: seconds", paced[0][1], paced[1][1], (_PACED - _PACED_BURST) * 60 / _A_MINUTE],
    ]
    header = ["", "HARLM", "back-off of 0.5, 1, 2, 4, 8 s", "what the limits allow"]
    return Table("SIMULATED limits of a provider", header, rows)


def _middle(measured: Sequence[tuple[float, float]], at: int) -> float:
    return statistics.median(each[at] for each in measured)


# -- from run to run -------------------------------------------------------------------------------------


async def _waves(calls: int) -> int:
    """Waves of a first fan-out to an address of which nothing is known: requests over those that were under way at once."""
    with _server("--latency", _LATENCY_S * 4) as server:
        async with _ours(server.url, _USUAL, prompt="?") as call:
            await asyncio.gather(*(call() for _ in range(calls)))
        return math.ceil(calls / server.counts()["most_in_flight"])


async def _refused(runs: int, concurrency: int) -> list[float]:
    """Percent of requests that were refused in each of some runs, one after another, of a burst."""
    known, shares = KnownLimits(), []
    seen = {"refused": 0, "requests": 0}
    with _server("--in-flight", _AT_ONCE, "--latency", _LATENCY_S) as server:
        for _ in range(runs):
            async with _ours(server.url, concurrency, prompt="?", known=known) as call:
                await asyncio.gather(*(call() for _ in range(_BURST)))
            before, seen = seen, server.counts()
            shares.append(
                100 * (seen["refused"] - before["refused"]) / (seen["requests"] - before["requests"])
            )
    return shares


async def _from_run_to_run() -> Table:
    rows: list[Row] = [[f"map of {each} in the first run: waves", await _waves(each), 1] for each in (16, 32)]
    for concurrency in (_USUAL, _BURST):
        shares = await _refused(_LATER_RUNS, concurrency)
        served = (
            f"{_BURST} calls, {_AT_ONCE} are served at once, {concurrency} in flight at most: answered 429, %"
        )
        rows += [
            [f"{served}, run {number}", share, 5.0 if number == 1 else 2.0]
            for number, share in enumerate(shares, start=1)
        ]
    return Table(
        "An address of which nothing is known, and what later runs know", ["", "HARLM", "limit"], rows
    )


# -- faults ----------------------------------------------------------------------------------------------


async def _answered(retries: int) -> tuple[float, float]:
    """Percent of runs that answered, and requests for each run."""
    with _server("--fault-share", _FAULTS, "--seed", 7) as server, tempfile.TemporaryDirectory() as home:
        client = HARLM(
            model=f"openai/root-4@{server.url}",
            sub_model=f"openai/sub@{server.url}",
            mode="full",
            max_turns=3,
            home=home,
            settings=Config(models=ModelSettings(retries=retries)),
            cache=False,
        )
        slots = asyncio.Semaphore(_RUNS_AT_ONCE)

        async def answers() -> bool:
            async with slots:
                try:
                    return (await client.aask("How many?", "a short text")).text == "4 replies"
                except HarlmError:
                    return False

        good = sum(await asyncio.gather(*(answers() for _ in range(_RUNS))))
        requests = server.counts()["requests"]
    return 100 * good / _RUNS, requests / _RUNS


async def _faults() -> Table:
    ours, naive = await _answered(6), await _answered(0)
    rows: list[Row] = [
        ["runs that answer, %", ours[0], naive[0], 100.0],
        ["requests for each run", ours[1], naive[1], 6 / (1 - _FAULTS)],
    ]
    title = f"{_RUNS} runs of 6 calls, {_FAULTS:.0%} of requests fail (SIMULATED faults)"
    return Table(title, ["", "HARLM", "no retries", "limit"], rows)


# -- stragglers ------------------------------------------------------------------------------------------


async def _fan_outs(*, hedges: bool) -> tuple[list[float], float]:
    """Seconds of each fan-out, and percent of requests more than calls."""
    options = ("--latency", _MEDIAN_S, "--latency-sigma", _SIGMA, "--seed", int(hedges))

    async def stream(url: str) -> list[float]:
        took = []
        async with _ours(url, _FAN_OUT, hedges=hedges, prompt="?") as call:
            for _ in range(_FAN_OUTS + _LEARNING):
                started = time.perf_counter()
                await asyncio.gather(*(call() for _ in range(_FAN_OUT)))
                took.append(time.perf_counter() - started)
        return took[_LEARNING:]

    with _server(*options) as server:
        streams = await asyncio.gather(*(stream(server.url) for _ in range(_STREAMS)))
        requests = server.counts()["requests"]
    calls = _STREAMS * (_FAN_OUTS + _LEARNING) * _FAN_OUT
    return [each for took in streams for each in took], 100 * (requests - calls) / calls


def _simulated() -> list[float]:
    """Fan-outs in which each call beyond the true 95th percentile is asked a second time at once."""
    drawn = random.Random(3)
    slow = _MEDIAN_S * math.exp(_SIGMA * statistics.NormalDist().inv_cdf(0.95))

    def latency() -> float:
        return _MEDIAN_S * drawn.lognormvariate(0, _SIGMA)

    def hedged() -> float:
        first = latency()
        return first if first <= slow else min(first, slow + latency())

    return [max(hedged() for _ in range(_FAN_OUT)) for _ in range(20_000)]


async def _stragglers() -> Table:
    (ours, more), (plain, _) = await asyncio.gather(_fan_outs(hedges=True), _fan_outs(hedges=False))
    kinds = (ours, plain, _simulated())
    rows: list[Row] = [
        [f"p{share} ms", *(1000 * _percentile(each, share) for each in kinds)] for share in (50, 95, 99)
    ]
    ratios = [_percentile(each, 95) / _percentile(plain, 95) for each in kinds]
    rows += [["p95 / p95 without hedges", *ratios], ["requests more than calls, %", more, 0.0, 5.0]]
    header = ["", "HARLM", "no hedges", "hedges that know the percentile"]
    return Table(f"Fan-outs of {_FAN_OUT} (SIMULATED log-normal latencies)", header, rows)


def _percentile(values: Sequence[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


# -- time ------------------------------------------------------------------------------------------------


def _time() -> Table:
    with _server() as server, tempfile.TemporaryDirectory() as home:
        models = (f"openai/root-{_SLOW_CALLS}@{server.url}", f"openai/late-10000@{server.url}")
        took = [_cut_short(models, home) for _ in range(_TIMEOUTS)]
        commands = [_command(models, home) for _ in range(3)]
    rows: list[Row] = [
        ["HARLM.ask, median s", statistics.median(took), 1.0],
        ["HARLM.ask, worst s", max(took), 1.0],
        ["`harlm ask --timeout 1s`, from start to exit, median s", statistics.median(commands), "-"],
    ]
    title = f"{_SLOW_CALLS} calls of 10 s in one second (SIMULATED latencies)"
    return Table(title, ["", "HARLM", "limit"], rows)


def _cut_short(models: tuple[str, str], home: str) -> float:
    """Seconds of a run whose time ends before its calls do."""
    client = HARLM(
        models[0], sub_model=models[1], mode="full", home=home, budget=Budget(seconds=1.0), cache=False
    )
    started = time.perf_counter()
    partial = None
    try:
        client.ask("How many?", "a short text")
    except DeadlineExceeded as breach:
        partial = breach.partial
    took = time.perf_counter() - started
    assert str(partial) == "so far: 4 replies", partial
    return took


def _command(models: tuple[str, str], home: str) -> float:
    asked = ("ask", "How many?", "-", "-m", models[0], "--sub-model", models[1], "--mode", "full")
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "harlm", *asked, "--no-cache", "--timeout", "1s"],
        input="a short text",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HARLM_HOME": home},
    )
    assert done.returncode == 4, done
    return time.perf_counter() - started


async def _all() -> list[Table]:
    return [await _cpu(), await _limits(), await _from_run_to_run(), await _faults(), await _stragglers()]


def main() -> None:
    """Measure all."""
    compileall.compile_dir(Path(harlm.__file__).parent, quiet=1)  # starts are those of an installed wheel
    report(
        "calls",
        "The call layer (SIMULATED limits, faults and latencies)",
        "CPU for each call, refusals under a provider's limits, runs that answer in spite of faults, fan-outs with stragglers "
        "and a run whose time ends; beside a client without that part, and a limit.",
        [*asyncio.run(_all()), _time()],
    )


if __name__ == "__main__":
    main()
