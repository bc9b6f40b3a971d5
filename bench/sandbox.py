"""What it costs to keep model-written code apart, and what it keeps. Beside the tiers: a plain subprocess for each REPL, which
protects from nothing, and the limit (``python`` that starts, bare ``fork``s, bare sockets: asyncio for cells, blocking for calls).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

from bench.measure import report
from harlm.config import Isolation
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox.process import ProcessSandbox
from harlm.sandbox.tiers import choose, find
from harlm.sandbox.zygote import ENVIRONMENT, HostZygote
from harlm.types import Context, Observation

_PLAIN, _LIMIT = "plain subprocess", "limit"
_ROWS = {
    "choose": ("choosing the tier in a fresh process, ms", ""),
    "first": ("first REPL of a fresh process, ms", "250"),
    "chosen": ("both, ms", "250"),
    "next": ("next REPL with its first cell, ms", "4"),
    "string": ("fork of a REPL that holds a 100 MB string, ms", "4"),
    "string cell": ("  and the first cell of the branch, ms", ""),
    "objects": ("fork of a REPL that holds a million small objects, ms", "20"),
    "objects cell": ("  and the first cell of the branch, ms", ""),
    "up": ("100 REPLs over one 100 MB context, up and answering, ms", "500"),
    "memory": ("  their memory besides what they share, MB", "160"),
    "cell": ("cell round trip (x = 1), µs", "100"),
    "cell CPU": ("  CPU of it: host + worker, µs", ""),
    "call": ("llm_query round trip with an instant host, µs", "100"),
    "call CPU": ("  CPU of it: host + worker, µs", ""),
    "batch": ("1,000 calls of 50 ms from one REPL, ms", "150"),
    "loser": ("loser cancelled to process gone: p50, p99, ms", "500"),
    "left": ("processes left 2 s after kill -9 of the host", "0"),
    "until": ("  until they were gone: median [worst], ms", ""),
    "hostile": ("hostile cells that escaped", "0"),
}
"""What is measured: the title and the target of each row. Medians; the best in brackets."""

_HELD = {"string": "'x' * 100_000_000", "objects": "[str(i) for i in range(1_000_000)]"}
_LOOP = "while True: pass"
_CALLS = """
import json, time
seen = []
for _ in range(1000):
    started = time.perf_counter()
    llm_query("?")
    seen.append(time.perf_counter() - started)
print(json.dumps(seen))
"""
_BATCH = """
import time
started = time.perf_counter()
assert llm_query_batched(["?"] * 1000) == ["reply"] * 1000
print(time.perf_counter() - started)
"""

Row = Mapping[str, object]


class _Repl(Protocol):
    @property
    def pid(self) -> int | None: ...

    async def run(self, cell: str) -> Observation: ...

    async def close(self) -> None: ...


class _Sandbox(Protocol):
    async def open(self, setup: ReplSetup, host: ReplHost) -> _Repl: ...

    async def close(self) -> None: ...


class _Host:
    """Answers ``reply`` after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return "reply"


_WORKER = """
import contextlib, io, json, sys, traceback
out = sys.stdout.buffer
def get():
    head = sys.stdin.buffer.read(4)
    return json.loads(sys.stdin.buffer.read(int.from_bytes(head, "little"))) if head else None
def send(frame):
    data = json.dumps(frame).encode()
    out.write(len(data).to_bytes(4, "little") + data)
    out.flush()
def llm_query(prompt):
    send({"call": "llm_query", "prompt": prompt})
    return get()["value"]
names = {"llm_query": llm_query}
for frame in iter(get, None):
    names["context"] = frame.get("context", names.get("context"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(frame["code"], names)
        except BaseException:
            traceback.print_exc(file=printed)
    send({"output": printed.getvalue()})
"""


class _PlainRepl:
    """The naive way: a subprocess that executes what comes through a pipe as JSON."""

    def __init__(self, process: asyncio.subprocess.Process, host: ReplHost) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._to, self._from, self._host = process, process.stdin, process.stdout, host
        self.pid: int | None = process.pid

    async def run(self, cell: str, **more: object) -> Observation:
        await self._send({"code": cell, **more})
        while "call" in (frame := await self._receive()):
            await self._send({"value": await self._host.call(frame["call"], frame)})
        return Observation(output=frame["output"])

    async def _send(self, frame: Mapping[str, object]) -> None:
        data = json.dumps(frame).encode()
        self._to.write(len(data).to_bytes(4, "little") + data)
        await self._to.drain()

    async def _receive(self) -> Any:
        size = int.from_bytes(await self._from.readexactly(4), "little")
        return json.loads(await self._from.readexactly(size))

    async def close(self) -> None:
        self._process.kill()
        self._to.close()
        await self._process.wait()


class _PlainSandbox:
    async def open(self, setup: ReplSetup, host: ReplHost) -> _Repl:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-c", _WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        repl = _PlainRepl(process, host)
        await repl.run("", context=setup.context.documents[0].text)
        return repl

    async def close(self) -> None:
        pass


def _sandbox(kind: str) -> _Sandbox:
    return _PlainSandbox() if kind == _PLAIN else ProcessSandbox(kind, Isolation())


class _Opened:
    """A sandbox of some kind, and REPLs in it that answered a cell."""

    def __init__(self, kind: str, text: str = "a context of one line", host: ReplHost | None = None) -> None:
        self._sandbox = _sandbox(kind)
        self._setup = ReplSetup(Context.of_text(text), ("llm_query", "llm_query_batched"))
        self._host = host or _Host()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sandbox.close()

    async def repl(self, cell: str = "x = 1") -> Any:
        repl = await self._sandbox.open(self._setup, self._host)
        await repl.run(cell)
        return repl
