"""What it costs to keep model-written code apart, and whether it is kept. Beside the tiers: a plain subprocess for each REPL,
which protects from nothing, and the limit: a bare interpreter, bare forks, bare sockets.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any

from bench.measure import report
from harlm.config import Isolation
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox.process import ProcessSandbox
from harlm.sandbox.tiers import find
from harlm.sandbox.zygote import ENVIRONMENT, HostZygote
from harlm.types import Context, Observation

_PLAIN, _LIMIT = "plain subprocess", "limit"
_ROWS = {
    "choose": ("choosing the tier in a fresh process, ms", "-"),
    "first": ("first REPL of a fresh process with its first cell, ms", "250"),
    "both": ("  both, as a run does it, ms", "250"),
    "next": ("next REPL with its first cell, ms", "4"),
    "string": ("fork of a REPL that holds a 100 MB string, ms", "4"),
    "string, cell": ("  first cell of the branch, ms", "-"),
    "objects": ("fork of a REPL that holds a million small objects, ms", "20"),
    "objects, cell": ("  first cell of the branch, ms", "-"),
    "up": ("100 REPLs over one 100 MB context, all answering, ms", "500"),
    "memory": ("  their memory besides what they share, MB", "160"),
    "cell": ("cell round trip (x = 1), µs", "100"),
    "cell, CPU": ("  its CPU: host + worker, µs", "-"),
    "call": ("llm_query round trip with an instant host, µs", "100"),
    "call, CPU": ("  its CPU: host + worker, µs", "-"),
    "batch": ("1,000 calls of 50 ms from one REPL, ms", "150"),
    "loser": ("loser cancelled to process gone, ms: p50, p99", "500"),
    "left": ("processes left 2 s after kill -9 of the host", "0"),
    "until": ("  until they were gone, ms: median, worst", "-"),
    "hostile": ("hostile cells that escaped", "0"),
}
"""Titles and targets. Medians, with the best in brackets. A limit of cells is asyncio's, of calls that of blocking sockets."""

_HELD = {"string": "'x' * 100_000_000", "objects": "[str(i) for i in range(1_000_000)]"}
_LOOP = "while True: pass"
_CALLS = """
import json, time
def took():
    started = time.perf_counter()
    llm_query("?")
    return time.perf_counter() - started
print(json.dumps([took() for _ in range(2000)]))
"""
_BATCH = """
import time
started = time.perf_counter()
assert llm_query_batched(["?"] * 1000) == ["reply"] * 1000
print(time.perf_counter() - started)
"""
_PLAIN_WORKER = """
import contextlib, io, json, sys, traceback
def get():
    head = sys.stdin.buffer.read(4)
    return json.loads(sys.stdin.buffer.read(int.from_bytes(head, "little"))) if head else None
def send(frame, out=sys.stdout.buffer):
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
_FORKS = """
import json, os, sys, time
kept, count, took, memory = eval(sys.argv[1]), int(sys.argv[2]), [], []
for _ in range(3 if count > 1 else 25):
    (news, tell), (hold, held), pids, answered = os.pipe(), os.pipe(), [], 0
    started = time.perf_counter()
    for _ in range(count):
        pids.append(os.fork())
        if not pids[-1]:
            os.close(held)
            os.write(tell, b".")
            os._exit(len(os.read(hold, 1)))
    while answered < count:
        answered += len(os.read(news, count))
    took.append(time.perf_counter() - started)
    lines = [line for pid in pids for line in open(f"/proc/{pid}/smaps_rollup")]
    memory.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e3)
    for each in (news, tell, hold, held):
        os.close(each)
    for pid in pids:
        os.waitpid(pid, 0)
print(json.dumps([took, memory]))
"""

Column = dict[str, object]


class _Host:
    """Answers after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return "reply"


class _Plain:
    """A sandbox that is none, and a REPL of it: a subprocess that executes what comes through a pipe as JSON."""

    _process: asyncio.subprocess.Process | None = None

    async def open(self, setup: ReplSetup, host: ReplHost) -> _Plain:
        repl = _Plain()
        command = [sys.executable, "-S", "-c", _PLAIN_WORKER]
        repl._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        repl._host, repl.pid = host, repl._process.pid
        await repl.run("", context=setup.context.documents[0].text)
        return repl

    async def run(self, code: str, **more: object) -> Observation:
        frame = await self._ask({"code": code, **more})
        while "call" in frame:
            frame = await self._ask({"value": await self._host.call(frame["call"], frame)})
        return Observation(output=frame["output"])

    async def _ask(self, frame: Mapping[str, object]) -> Any:
        assert self._process and self._process.stdin and self._process.stdout  # noqa: PT018
        data = json.dumps(frame).encode()
        self._process.stdin.write(len(data).to_bytes(4, "little") + data)
        await self._process.stdin.drain()
        size = int.from_bytes(await self._process.stdout.readexactly(4), "little")
        return json.loads(await self._process.stdout.readexactly(size))

    async def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def _run(kind: str, text: str = "?", host: ReplHost | None = None) -> AsyncIterator[Callable[[], Any]]:
    """Opens REPLs of one run, which have answered a first cell."""
    setup = ReplSetup(context=Context.of_text(text), functions=("llm_query", "llm_query_batched"))
    sandbox: Any = _Plain() if kind == _PLAIN else ProcessSandbox(kind, Isolation())

    async def opened() -> Any:
        repl = await sandbox.open(setup, host or _Host())
        await repl.run("x = 1")
        return repl

    try:
        yield opened
    finally:
        await sandbox.close()


async def _first(kind: str, *, chooses: bool) -> None:
    chosen = await _took(find(kind)) if chooses else 0.0
    async with _run(kind) as opened:
        print(json.dumps([chosen, await _took(opened())]))


async def _busy(kind: str) -> None:
    async with _run(kind) as opened:
        repl = await opened()
        branch = await (opened() if kind == _PLAIN else repl.fork(_Host()))
        cells = [asyncio.create_task(each.run(_LOOP)) for each in (repl, branch)]
        await asyncio.sleep(0.2)
        print(json.dumps([repl.pid, branch.pid]), flush=True)
        await asyncio.gather(*cells)


def first_repls(kind: str) -> Column:
    def opened(what: str) -> list[list[float]]:
        return [_python("-m", "bench.sandbox", what, kind) for _ in range(9)]

    row: Column = {"first": _shown(each[1] for each in opened("first"))}
    if kind != _PLAIN:
        both = opened("choose")
        row |= {"choose": _shown(each[0] for each in both), "both": _shown(map(sum, both))}
    return row


async def next_repls(kind: str) -> Column:
    took = []
    async with _run(kind) as opened:
        for number in range(61):
            started = time.perf_counter()
            repl = await opened()
            took += [time.perf_counter() - started] if number else []
            await repl.close()
            await asyncio.sleep(0.01)
    return {"next": _shown(took)}


async def forks(kind: str) -> Column:
    row: Column = {}
    for what, held in _HELD.items() if kind != _PLAIN else ():
        took, cells = [], []
        async with _run(kind) as opened:
            repl = await opened()
            await repl.run(f"kept = {held}")
            for _ in range(25):
                started = time.perf_counter()
                branch = await repl.fork(_Host())
                took.append(time.perf_counter() - started)
                cells.append(await _took(branch.run("x = 1")))
                await branch.close()
                await asyncio.sleep(0.01)
        row |= {what: _shown(took), f"{what}, cell": _shown(cells)}
    return row


async def hundreds(kind: str) -> Column:
    """A hundred plain subprocesses would need 20 GB: of those there are five, and the sum is taken 20 times."""
    count, about = (5, "~") if kind == _PLAIN else (100, "")
    took, memory = [], []
    async with _run(kind, "A line of text, as there are many.\n" * 2_857_143) as opened:
        first = await opened()
        for _ in range(3):
            started = time.perf_counter()
            repls = await asyncio.gather(*(opened() for _ in range(count)))
            took.append((time.perf_counter() - started) * 100 / count)
            memory += [sum(map(_private_mb, repls)) * 100 / count] if os.geteuid() == 0 else []
            await asyncio.gather(*(repl.close() for repl in repls))
        await first.close()
    return {"up": about + _shown(took), "memory": about + _shown(memory, 1) if memory else "-"}


async def round_trips(kind: str) -> Column:
    async with _run(kind) as opened:
        repl = await opened()
        before = _cpu(repl.pid)
        cells = [await _took(repl.run("x = 1")) for _ in range(3000)]
        between = _cpu(repl.pid)
        calls = json.loads((await repl.run(_CALLS)).output)
        row = _trips("cell", cells, before, between) | _trips("call", calls, between, _cpu(repl.pid))
        await repl.close()
    return row


async def batches(kind: str) -> Column:
    if kind == _PLAIN:
        return {}  # it has one call at a time
    async with _run(kind, host=_Host(0.05)) as opened:
        repl = await opened()
        return {"batch": _shown([float((await repl.run(_BATCH)).output) for _ in range(9)])}


async def losers(kind: str) -> Column:
    took = []
    async with _run(kind) as opened:
        for _ in range(60):
            repl = await opened()
            pid, running = repl.pid, asyncio.create_task(repl.run(_LOOP))
            await asyncio.sleep(0.03)
            started = time.perf_counter()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await repl.close()
            assert not _left({pid})
            took.append(time.perf_counter() - started)
    return {"loser": _with_worst(took)}


def orphans(kind: str) -> Column:
    from tests.abuse.canaries import descendants

    took, left = [], 0
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-m", "bench.sandbox", "busy", kind], stdout=PIPE) as host:
            assert host.stdout is not None
            pids = {*json.loads(host.stdout.readline()), *descendants(host.pid)}
            started = time.perf_counter()
            host.kill()
            remaining = _left(pids)
            took.append(time.perf_counter() - started)
            left += len(remaining)
            for pid in remaining:
                os.kill(pid, signal.SIGKILL)
    return {"left": f"{left / 5:g}", "until": "never" if left else _with_worst(took)}


async def hostile(kind: str) -> Column:
    from tests.abuse.canaries import canaries, descendants
    from tests.abuse.judging import CELLS, judge
    from tests.abuse.test_cells import KNOWN

    if kind not in ("s3", "s2"):
        return {}
    known = [cell for cell in CELLS if cell.stem in KNOWN[kind]]
    cells = [cell for cell in CELLS if cell not in known]
    wrong: list[str] = []
    HostZygote.current()
    with canaries() as standing:
        own = descendants(os.getpid())
        for at in range(0, len(cells), 25):
            wrong += await judge(kind, cells[at : at + 25], standing, own)
        again = await judge(kind, known, standing, own) if known else []
    for each in wrong:
        print(f"{kind}: {each}")
    return {"hostile": f"{len(wrong)} of {len(cells)}" + (f"; known: {len(again)}" if known else "")}


def bare_processes(_: str) -> Column:
    def forked(held: str, count: int) -> Any:
        return _python("-S", "-c", _FORKS, held, str(count), **ENVIRONMENT)

    now = "import time; print(time.monotonic())"
    starts = [-time.monotonic() + _python("-S", "-c", now) for _ in range(15)]
    took, memory = forked(_HELD["string"], 100)
    each = {what: _shown(forked(held, 1)[0]) for what, held in {"next": "None", **_HELD}.items()}
    return {"first": _shown(starts), "up": _shown(took), "memory": _shown(memory, 1), **each}


async def bare_sockets(_: str) -> Column:
    ours, theirs = socket.socketpair()
    if (pid := os.fork()) == 0:
        ours.close()
        while data := theirs.recv(4096):
            theirs.send(data)
        os._exit(0)
    theirs.close()

    async def blocking() -> None:
        ours.recv(ours.send(b"x" * 60))

    before = _cpu(pid)
    calls = [await _took(blocking()) for _ in range(3000)]
    between = _cpu(pid)
    reader, writer = await asyncio.open_unix_connection(sock=ours)

    async def with_a_loop() -> None:
        writer.write(b"x" * 60)
        await reader.readexactly(60)

    start = _cpu(pid)
    cells = [await _took(with_a_loop()) for _ in range(3000)]
    row = _trips("call", calls, before, between) | _trips("cell", cells, start, _cpu(pid))
    writer.close()
    os.waitpid(pid, 0)
    waits = [await _took(asyncio.gather(*(asyncio.sleep(0.05) for _ in range(1000)))) for _ in range(5)]
    return {**row, "batch": _shown(waits)}


def _python(*arguments: str, **environment: str) -> Any:
    command, environment = [sys.executable, *arguments], {**os.environ, **environment}
    return json.loads(subprocess.run(command, stdout=PIPE, check=True, env=environment).stdout)


async def _took(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


def _cpu(pid: int) -> tuple[float, float]:
    return time.process_time(), time.clock_gettime((~pid) << 3 | 2)  # clock_getcpuclockid(3)


def _trips(what: str, took: list[float], before: tuple[float, float], after: tuple[float, float]) -> Column:
    used = [1e6 * (end - start) / len(took) for start, end in zip(before, after, strict=True)]
    return {what: _shown(took, 1e6), f"{what}, CPU": f"{used[0]:.1f} + {used[1]:.1f}"}


def _shown(seconds: Iterable[float], unit: float = 1e3) -> str:
    each = list(seconds)
    return f"{unit * statistics.median(each):,.1f} [{unit * min(each):,.1f}]"


def _with_worst(seconds: list[float]) -> str:
    return f"{1e3 * statistics.median(seconds):.1f}, {1e3 * max(seconds):.1f}"


def _private_mb(repl: Any) -> float:
    lines = Path(f"/proc/{repl.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e3


def _left(pids: set[int]) -> set[int]:
    """Those that are still there after two seconds; at once, when none is left."""
    until = time.monotonic() + 2
    while (left := set(filter(_is_alive, pids))) and time.monotonic() < until:
        time.sleep(0.0005)
    return left


def _is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def main() -> None:
    """Measure all, and print one table."""
    match sys.argv[1:]:
        case ["busy", kind]:
            return asyncio.run(_busy(kind))
        case ["first" | "choose" as what, kind]:
            return asyncio.run(_first(kind, chooses=what == "choose"))
    load = os.getloadavg()[0]
    tiers = [tier for tier in ("s3", "s2", "s0") if asyncio.run(find(tier)).is_built]
    measures: dict[Callable[[str], Column | Coroutine[Any, Any, Column]], list[str]] = {
        each: [_LIMIT] for each in (bare_processes, bare_sockets)
    }
    columns: dict[str, Column] = {each: {} for each in (*tiers, _PLAIN, _LIMIT)}
    for measure in (first_repls, next_repls, forks, hundreds, round_trips, batches, losers, orphans, hostile):
        measures[measure] = [*tiers, _PLAIN]
    for measure, kinds in measures.items():
        for kind in kinds:
            row = measure(kind)
            columns[kind] |= asyncio.run(row) if isinstance(row, Coroutine) else row
    title = f"The sandbox (load {load:.1f} before, {os.getloadavg()[0]:.1f} after)"
    rows = [
        [name, *(columns[each].get(key, "-") for each in columns), target]
        for key, (name, target) in _ROWS.items()
    ]
    report("sandbox", title, ["", *columns, "target"], rows)
    return None


if __name__ == "__main__":
    main()
