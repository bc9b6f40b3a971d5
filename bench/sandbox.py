"""What it costs to keep model-written code apart, and whether it is kept. Beside the tiers: a plain subprocess for each REPL,
which protects from nothing, and the limit: a bare interpreter, bare forks, bare sockets (asyncio for cells, blocking for calls).
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
from subprocess import PIPE, Popen
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
    "first": ("first REPL of a fresh process, with its first cell, ms", "250"),
    "choose": ("  choosing the tier before that, interpreter included, ms", "-"),
    "next": ("next REPL with its first cell, ms", "4"),
    "string": ("fork of a REPL that holds a 100 MB string, ms", "4"),
    "objects": ("fork of a REPL that holds a million small objects, ms", "20"),
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
"""Titles and targets. Medians, with the best in brackets."""

_HELD = {"string": "'x' * 100_000_000", "objects": "[str(i) for i in range(1_000_000)]"}
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
_BARE_FORKS = """
import json, os, sys, time
kept, count, took, memory = eval(sys.argv[1]), int(sys.argv[2]), [], []
for _ in range(3 if count > 1 else 25):
    (news, tell), (hold, held), pids, answered = os.pipe(), os.pipe(), [], 0
    started = time.perf_counter()
    for _ in range(count):
        pids.append(os.fork())
        if not pids[-1]:
            os.close(held), os.write(tell, b"."), os._exit(len(os.read(hold, 1)))
    while answered < count:
        answered += len(os.read(news, count))
    took.append(time.perf_counter() - started)
    lines = [line for pid in pids for line in open(f"/proc/{pid}/smaps_rollup")]
    memory.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e3)
    [os.close(each) for each in (news, tell, hold, held)], [os.waitpid(pid, 0) for pid in pids]
print(json.dumps([took, memory]))
"""
_BARE_START = "import time; print(time.monotonic())"
_BARE_PONG = "import socket\nend = socket.socket(fileno=0)\nwhile data := end.recv(4096): end.send(data)"

Column = dict[str, object]


class _Host:
    """Answers after so many seconds."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return "reply"


class _Plain:
    """A REPL that executes what comes through a pipe as JSON."""

    def __init__(self, process: asyncio.subprocess.Process, host: ReplHost) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout
        self._host, self.pid = host, process.pid

    async def run(self, code: str, **more: object) -> Observation:
        frame = await self._ask({"code": code, **more})
        while "call" in frame:
            frame = await self._ask({"value": await self._host.call(frame["call"], frame)})
        return Observation(output=frame["output"])

    async def _ask(self, frame: Mapping[str, object]) -> Any:
        data = json.dumps(frame).encode()
        self._to.write(len(data).to_bytes(4, "little") + data)
        await self._to.drain()
        return json.loads(
            await self._from.readexactly(int.from_bytes(await self._from.readexactly(4), "little"))
        )

    async def close(self) -> None:
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def _run(kind: str, text: str = "?", host: ReplHost | None = None) -> AsyncIterator[Callable[[], Any]]:
    """Opens REPLs of one run, which have answered a first cell."""
    host = host or _Host()
    setup = ReplSetup(context=Context.of_text(text), functions=("llm_query", "llm_query_batched"))
    sandbox = ProcessSandbox("s0" if kind == _PLAIN else kind, Isolation())

    async def opened() -> Any:
        if kind == _PLAIN:
            command = [sys.executable, "-S", "-c", _PLAIN_WORKER]
            plain = _Plain(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE), host)
            await plain.run("x = 1", context=text)
            return plain
        repl = await sandbox.open(setup, host)
        await repl.run("x = 1")
        return repl

    try:
        yield opened
    finally:
        await sandbox.close()


async def _first(kind: str) -> None:
    chosen = await _took(find(kind)) if kind != _PLAIN else 0.0
    async with _run(kind) as opened:
        print(json.dumps([chosen, await _took(opened())]))


async def _busy(kind: str) -> None:
    async with _run(kind) as opened:
        repl = await opened()
        branch = await (opened() if kind == _PLAIN else repl.fork(_Host()))
        cells = asyncio.gather(*(each.run("while True: pass") for each in (repl, branch)))
        await asyncio.sleep(0.2)
        print(json.dumps([repl.pid, branch.pid]), flush=True)
        await cells


def first_repls(kind: str) -> Column:
    both = [_python("-m", "bench.sandbox", "first", kind) for _ in range(9)]
    chosen = {} if kind == _PLAIN else {"choose": _shown(each[0] for each in both)}
    return {"first": _shown(map(sum, both)), **chosen}


async def next_repls(kind: str) -> Column:
    took = []
    async with _run(kind) as opened:
        for _ in range(60):
            started = time.perf_counter()
            repl = await opened()
            took.append(time.perf_counter() - started)
            await repl.close()
            await asyncio.sleep(0.01)
    return {"next": _shown(took)}


async def forks(kind: str) -> Column:
    row: Column = {}
    for what, held in _HELD.items() if kind != _PLAIN else ():
        took = []
        async with _run(kind) as opened:
            repl = await opened()
            await repl.run(f"kept = {held}")
            for _ in range(25):
                started = time.perf_counter()
                branch = await repl.fork(_Host())
                took.append(time.perf_counter() - started)
                await branch.close()
                await asyncio.sleep(0.01)
        row[what] = _shown(took)
    return row


async def hundreds(kind: str) -> Column:
    """A hundred plain subprocesses would need 20 GB: of those there are five, and their sum is taken 20 times."""
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
        cells = await _trips("cell", repl.pid, lambda: repl.run("x = 1"))
        before = _cpu(repl.pid)
        calls = json.loads((await repl.run(_CALLS)).output)
        cells |= {"call": _shown(calls, 1e6), "call, CPU": _used(before, repl.pid, len(calls))}
        await repl.close()
    return cells


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
            pid, running = repl.pid, asyncio.create_task(repl.run("while True: pass"))
            await asyncio.sleep(0.03)
            started = time.perf_counter()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await repl.close()
            assert not _left({pid})
            took.append(1e3 * (time.perf_counter() - started))
    return {"loser": f"{statistics.median(took):.1f}, {max(took):.1f}"}


def orphans(kind: str) -> Column:
    from tests.abuse.canaries import descendants

    took, left = [], 0
    for _ in range(5):
        with Popen([sys.executable, "-m", "bench.sandbox", "busy", kind], stdout=PIPE) as host:
            assert host.stdout is not None
            pids = {*json.loads(host.stdout.readline()), *descendants(host.pid)}
            started = time.perf_counter()
            host.kill()
            remaining = _left(pids)
            took.append(1e3 * (time.perf_counter() - started))
            left += len(remaining)
            for pid in remaining:
                os.kill(pid, signal.SIGKILL)
    until = "never" if left else f"{statistics.median(took):.1f}, {max(took):.1f}"
    return {"left": f"{left / 5:g}", "until": until}


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
    print(*(f"{kind}: {each}\n" for each in wrong), sep="", end="")
    return {"hostile": f"{len(wrong)} of {len(cells)}" + (f"; known: {len(again)}" if known else "")}


def bare_processes(_: str) -> Column:
    def forked(held: str, count: int) -> Any:
        return _python("-S", "-c", _BARE_FORKS, held, str(count), **ENVIRONMENT)

    starts = [-time.monotonic() + _python("-S", "-c", _BARE_START) for _ in range(15)]
    took, memory = forked(_HELD["string"], 100)
    each = {what: _shown(forked(held, 1)[0]) for what, held in {"next": "None", **_HELD}.items()}
    return {"first": _shown(starts), "up": _shown(took), "memory": _shown(memory, 1), **each}


def bare_sockets(_: str) -> Column:
    ours, theirs = socket.socketpair()

    async def blocking() -> None:
        ours.recv(ours.send(b"x" * 60))

    async def limits(pid: int) -> Column:
        row = await _trips("call", pid, blocking)
        reader, writer = await asyncio.open_unix_connection(sock=ours)

        async def with_a_loop() -> None:
            writer.write(b"x" * 60)
            await reader.readexactly(60)

        row |= await _trips("cell", pid, with_a_loop)
        writer.close()
        waits = [await _took(asyncio.gather(*(asyncio.sleep(0.05) for _ in range(1000)))) for _ in range(5)]
        return {**row, "batch": _shown(waits)}

    with Popen([sys.executable, "-S", "-c", _BARE_PONG], stdin=theirs) as child:
        theirs.close()
        return asyncio.run(limits(child.pid))


def _python(*arguments: str, **environment: str) -> Any:
    environment = {**os.environ, **environment}
    return json.loads(
        subprocess.run([sys.executable, *arguments], stdout=PIPE, check=True, env=environment).stdout
    )


async def _took(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def _trips(what: str, pid: int, trip: Callable[[], Awaitable[object]]) -> Column:
    before = _cpu(pid)
    took = [await _took(trip()) for _ in range(3000)]
    return {what: _shown(took, 1e6), f"{what}, CPU": _used(before, pid, len(took))}


def _cpu(pid: int) -> tuple[float, float]:
    return time.process_time(), time.clock_gettime((~pid) << 3 | 2)  # clock_getcpuclockid(3)


def _used(before: tuple[float, float], pid: int, times: int) -> str:
    host, worker = (1e6 * (end - start) / times for start, end in zip(before, _cpu(pid), strict=True))
    return f"{host:.1f} + {worker:.1f}"


def _shown(seconds: Iterable[float], unit: float = 1e3) -> str:
    each = sorted(seconds)
    return f"{unit * statistics.median(each):,.1f} [{unit * each[0]:,.1f}]"


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


_Measure = Callable[[str], Column | Coroutine[Any, Any, Column]]
_LIMITS: tuple[_Measure, ...] = (bare_processes, bare_sockets)
_MEASURES: tuple[_Measure, ...] = (
    first_repls, next_repls, forks, hundreds, round_trips, batches, losers, orphans, hostile,
)  # fmt: skip


def main() -> None:
    """Measure all, and print one table."""
    if sys.argv[1:]:
        what, kind = sys.argv[1:]
        return asyncio.run({"first": _first, "busy": _busy}[what](kind))
    load = os.getloadavg()[0]
    tiers = [tier for tier in ("s3", "s2", "s0") if asyncio.run(find(tier)).is_built]
    columns: dict[str, Column] = {each: {} for each in (*tiers, _PLAIN, _LIMIT)}
    for measure in (*_LIMITS, *_MEASURES):
        for kind in [_LIMIT] if measure in _LIMITS else [*tiers, _PLAIN]:
            started, row = time.monotonic(), measure(kind)
            columns[kind] |= asyncio.run(row) if isinstance(row, Coroutine) else row
            print(measure.__name__, kind, f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    title = f"The sandbox (load {load:.1f} before, {os.getloadavg()[0]:.1f} after)"
    rows = [
        [name, *(each.get(key, "-") for each in columns.values()), most]
        for key, (name, most) in _ROWS.items()
    ]
    return report("sandbox", title, ["", *columns, "target"], rows)


if __name__ == "__main__":
    main()
