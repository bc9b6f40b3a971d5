"""What a run costs besides its model. ``--peer PYTHON`` is an interpreter that has ``rlms``."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from harlm import HARLM
from perf.measure import Table, cpu_seconds, median, report, server_process

_TIMES = 15
_MANY = 512


def ours(url: str) -> dict[str, float]:
    """HARLM through its public door."""
    with tempfile.TemporaryDirectory() as home:

        def client(root: str, sub: str) -> HARLM:
            return HARLM(
                model=f"openai/{root}@{url}",
                sub_model=f"openai/{sub}@{url}",
                mode="full",
                home=home,
                concurrency=64,
                cache=False,
            )

        def ask(root: str, sub: str) -> Any:
            answer = client(root, sub).ask("How many?", "a short context")
            assert answer.text == "done", answer

        ask("root-LOOK", "sub-0")
        fixed, fixed_wall = median(lambda: ask("root-LOOK", "sub-0"), _TIMES)
        batch, _ = median(lambda: ask(f"root-BATCH-{_MANY}", "sub-0"), 5)
        loop, _ = median(lambda: ask(f"root-LOOP-{_MANY}", "sub-0"), 3)
        half = HARLM(
            model=f"openai/root-BATCH-64@{url}",
            sub_model=f"openai/sub-100@{url}",
            mode="full",
            home=home,
            cache=False,
        )
        _, slow = median(lambda: half.ask("?", "x"), 5)
        return {
            "fixed CPU ms": 1000 * fixed,
            "fixed wall ms": 1000 * fixed_wall,
            "CPU ms per sub-call, batch": 1000 * (batch - fixed) / _MANY,
            "CPU ms per sub-call, loop": 1000 * (loop - fixed) / _MANY,
            "64 x 100 ms in a batch, s": slow,
        }


async def _limit(url: str) -> dict[str, float]:
    """The same requests, from bare aiohttp."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def call(model: str) -> None:
            body = {"model": model, "messages": [{"role": "user", "content": "item"}]}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                json.loads(await response.read())

        await asyncio.gather(*(call("sub-0") for _ in range(64)))
        before = cpu_seconds()
        await asyncio.gather(*(call("sub-0") for _ in range(_MANY)))
        each = (cpu_seconds() - before) / _MANY
        started = time.perf_counter()
        for _ in range(2):  # 32 at a time, as HARLM's default has it
            await asyncio.gather(*(call("sub-100") for _ in range(32)))
        slow = time.perf_counter() - started
    return {"CPU ms per sub-call, batch": 1000 * each, "64 x 100 ms in a batch, s": slow}


def peer(python: str, url: str) -> dict[str, float]:
    """The reference RLM, in an interpreter that has it."""
    script = Path(__file__).parent / "peer_rlms.py"
    done = subprocess.run([python, str(script), url, str(_MANY)], capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter with rlms installed")
    python = parser.parse_args().peer
    with server_process() as server:
        url = server.url
        columns = {"HARLM": ours(url), "bare aiohttp (limit)": asyncio.run(_limit(url))}
        if python:
            columns["rlms"] = peer(python, url)
    names = list(columns["HARLM"])
    rows = [[name, *(columns[each].get(name, "-") for each in columns)] for name in names]
    report(
        "engine",
        "What a run costs besides its model (SIMULATED model)",
        "Fixed cost, CPU for each sub-call and time of a batch, against a server of scripted replies in a process of its own, "
        "without latency unless a row says so; beside "
        f"{'the reference RLM and, ' if python else ''}as the limit, the same requests from bare aiohttp.",
        [Table(f"A run of {_MANY} sub-calls", ["", *columns], rows)],
        options="--peer PYTHON" if python else "",
    )


if __name__ == "__main__":
    main()
