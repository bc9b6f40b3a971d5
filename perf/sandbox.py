"""What it costs to keep model-written code apart, and whether it is kept apart."""

from __future__ import annotations

import asyncio
import compileall
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from types import SimpleNamespace
from typing import IO, Any, TypeVar, cast

import harlm
from harlm.config import SandboxSettings
from harlm.protocols import ReplSetup
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.sandbox.process.zygote import ENVIRONMENT, HostZygote
from harlm.sandbox.tiers import find
from harlm.types import Context, Observation
from perf.measure import Table, report

_PLAIN, _LIMIT = "plain subprocess", "limit"
_ROWS = {
    "first": "first REPL of a fresh process, with its first cell, ms",
    "choose": "first REPL: choosing the tier before that, interpreter included, ms",
    "next": "next REPL with its first cell, ms",
    "string": "fork of a REPL that holds a 100 MB string, ms",
    "objects": "fork of a REPL that holds a million small objects, ms",
    "up": "100 REPLs over one 100 MB context, all answering, ms",
    "memory": "100 REPLs: their memory besides what they share, MB",
    "cell": "cell round trip (x = 1), µs",
    "cell, CPU": "cell round trip: CPU of host + worker, µs",
    "call": "llm_query round trip with an instant host, µs",
    "call, CPU": "llm_query round trip: CPU of host + worker, µs",
    "batch": "1,000 calls of 50 ms from one REPL, ms",
    "loser": "loser cancelled to process gone, ms: p50, worst of 60",
    "left": "processes left 2 s after kill -9 of the host",
    "until": "kill -9 of the host: until they were gone, ms: median, worst",
    "hostile": "hostile cells that escaped",
}

_LOOP = "while True: pass"
_HELD = {"string": "'x' * 100_000_000", "objects": "[str(i) for i in range(1_000_000)]"}
_TIMED = "import json, timeit; print(json.dumps(timeit.repeat({!r}, globals=globals(), number=1, repeat={})))"
_CALLS = _TIMED.format("llm_query('?')", 2000)
_BATCHES = _TIMED.format("assert llm_query_batched(['slow'] * 1000) == ['reply'] * 1000", 9)
_PLAIN_WORKER = """
import contextlib, io, json, sys
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
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        names |= frame["names"]
        exec(frame["code"], names)
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
_T = TypeVar("_T")


class _Host:
    """Answers at once, or after 50 ms."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if arguments["prompt"] == "slow":
            await asyncio.sleep(0.05)
        return "reply"


async def _plain(text: str) -> Any:
    """A REPL that executes what comes through a pipe as JSON."""
    command = [sys.executable, "-S", "-c", _PLAIN_WORKER]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    to, back = cast(StreamWriter, process.stdin), cast(StreamReader, process.stdout)

    async def ask(**frame: object) -> Any:
        data = json.dumps(frame).encode()
        to.write(len(data).to_bytes(4, "little") + data)
        await to.drain()
        size = int.from_bytes(await back.readexactly(4), "little")
        return json.loads(await back.readexactly(size))

    async def run(cell: str, **names: object) -> Observation:
        frame = await ask(code=cell, names=names)
        while "call" in frame:
            frame = await ask(value=await _Host().call(frame["call"], frame))
        return Observation(output=frame["output"])

    async def close() -> None:
        process.kill()
        await process.wait()

    await run("", context=text)
    return SimpleNamespace(pid=process.pid, run=run, close=close)


@asynccontextmanager
async def _run(kind: str, text: str = "?") -> AsyncIterator[Callable[[], Any]]:
    """Opens REPLs of one run, which have answered a first cell."""
    setup = ReplSetup(context=Context.of_text(text), functions=("llm_query", "llm_query_batched"))
    sandbox = ProcessSandbox("s0" if kind == _PLAIN else kind, SandboxSettings())

    async def opened() -> Any:
        repl = await (_plain(text) if kind == _PLAIN else sandbox.open(setup, _Host()))
        seen = await repl.run("x = 1")
        assert seen.error is None, seen
        return repl

    try:
        yield opened
    finally:
        await sandbox.close()


async def _first(kind: str) -> None:
    took: list[float] = []
    await _timed(asyncio.sleep(0) if kind == _PLAIN else find(kind), took)
    async with _run(kind) as opened:
        await _timed(opened(), took)
    print(json.dumps(took))


async def _busy(kind: str) -> None:
    async with _run(kind) as opened:
        repl = await opened()
        branch = await (opened() if kind == _PLAIN else repl.fork(_Host()))
        cells = asyncio.gather(*(each.run(_LOOP) for each in (repl, branch)))
        await asyncio.sleep(0.2)
        print(json.dumps([repl.pid, branch.pid]), flush=True)
        await cells


def first_repls(kind: str) -> Column:
    both = [_python("-m", "perf.sandbox", "first", kind) for _ in range(9)]
    chosen = {} if kind == _PLAIN else {"choose": _shown(each[0] for each in both)}
    return {"first": _shown(map(sum, both)), **chosen}


async def lives(kind: str) -> Column:
    """REPLs that are opened, and cancelled while they compute without end."""
    from tests.support.canaries import descendants

    opening: list[float] = []
    ending: list[float] = []

    async def end(repl: Any, running: asyncio.Task[Any], pid: int) -> None:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await repl.close()
        assert not _left({pid})

    async with _run(kind) as opened:
        await (await opened()).close()
        await asyncio.sleep(0.1)
        before = descendants(os.getpid())
        for _ in range(60):
            repl = await _timed(opened(), opening)
            running = asyncio.create_task(repl.run(_LOOP))
            await asyncio.sleep(0.03)
            await _timed(end(repl, running, repl.pid), ending)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        more = len(descendants(os.getpid())) - len(before)  # whatever the host takes for its REPL's process
    return {"next": _shown(opening), "loser": _with_worst(ending) + (f"; {more} live on" if more else "")}


async def forks(kind: str) -> Column:
    took: dict[str, list[float]] = {} if kind == _PLAIN else {what: [] for what in _HELD}
    for what in took:
        async with _run(kind) as opened:
            repl = await opened()
            await repl.run(f"kept = {_HELD[what]}")
            for _ in range(25):
                branch = await _timed(repl.fork(_Host()), took[what])
                await branch.run("x = 1")
                await branch.close()
                await asyncio.sleep(0.01)
    return {what: _shown(each) for what, each in took.items()}


async def hundreds(kind: str) -> Column:
    """A hundred plain subprocesses would need 10 GB: there are four of those, and their sum is taken 25 times."""
    count, times, about = (4, 1, "~") if kind == _PLAIN else (100, 3, "")
    took: list[float] = []
    memory = []
    async with _run(kind, "A line of text, as there are many.\n" * 2_857_143) as opened:
        await (await opened()).close()
        for _ in range(times):
            repls = await _timed(asyncio.gather(*(opened() for _ in range(count))), took)
            memory += [sum(map(_private_mb, repls)) * 100 / count] if os.geteuid() == 0 else []
            await asyncio.gather(*(repl.close() for repl in repls))
    up = about + _shown([each * 100 / count for each in took])
    return {"up": up, "memory": about + _shown(memory, 1) if memory else "-"}


async def round_trips(kind: str) -> Column:
    async with _run(kind) as opened:
        repl = await opened()
        row = await _trips("cell", repl.pid, lambda: repl.run("x = 1"))
        before = _cpu(repl.pid)
        calls = json.loads((await repl.run(_CALLS)).output)
        row |= _trip("call", calls, before, _cpu(repl.pid))
        if kind != _PLAIN:  # it has one call at a time
            row["batch"] = _shown(json.loads((await repl.run(_BATCHES)).output))
        await repl.close()
    return row


def orphans(kind: str) -> Column:
    from tests.support.canaries import descendants

    took, left = [], 0
    for _ in range(1 if kind == _PLAIN else 3):
        with Popen([sys.executable, "-m", "perf.sandbox", "busy", kind], stdout=PIPE) as host:
            pids = {*json.loads(cast(IO[bytes], host.stdout).readline()), *descendants(host.pid)}
            started = time.perf_counter()
            host.kill()
            remaining = _left(pids)
            took.append(time.perf_counter() - started)
            left = max(left, len(remaining))
            for pid in remaining:
                os.kill(pid, signal.SIGKILL)
    return {"left": left, "until": "never" if left else _with_worst(took)}


async def hostile(kind: str) -> Column:
    from tests.abuse.test_cells import KNOWN
    from tests.support.canaries import canaries, descendants
    from tests.support.judging import CELLS, judge

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


def bare_processes(kind: str) -> Column:
    def forked(held: str, count: int) -> Any:
        return _python("-S", "-c", _BARE_FORKS, held, str(count), **ENVIRONMENT)

    starts = [-time.monotonic() + _python("-S", "-c", _BARE_START) for _ in range(15)]
    took, memory = forked(_HELD["string"], 100)
    each = {what: _shown(forked(held, 1)[0]) for what, held in {"next": "None", **_HELD}.items()}
    return {"first": _shown(starts), "up": _shown(took), "memory": _shown(memory, 1), **each}


async def bare_sockets(kind: str) -> Column:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-S", "-c", _BARE_PONG]
    child = await asyncio.create_subprocess_exec(*command, stdin=theirs.fileno())
    theirs.close()

    async def blocking() -> None:
        ours.recv(ours.send(b"x" * 60))

    row = await _trips("call", child.pid, blocking)
    reader, writer = await asyncio.open_unix_connection(sock=ours)

    async def with_a_loop() -> None:
        writer.write(b"x" * 60)
        await reader.readexactly(60)

    row |= await _trips("cell", child.pid, with_a_loop)
    writer.close()
    await child.wait()
    waits: list[float] = []
    for _ in range(5):
        await _timed(asyncio.gather(*(asyncio.sleep(0.05) for _ in range(1000))), waits)
    return {**row, "batch": _shown(waits)}


def _python(*arguments: str, **environment: str) -> Any:
    command, environment = [sys.executable, *arguments], {**os.environ, **environment}
    return json.loads(subprocess.run(command, stdout=PIPE, check=True, env=environment).stdout)


async def _timed(work: Awaitable[_T], took: list[float]) -> _T:
    started = time.perf_counter()
    result = await work
    took.append(time.perf_counter() - started)
    return result


def _cpu(pid: int) -> tuple[float, float]:
    return time.process_time(), time.clock_gettime((~pid) << 3 | 2)  # clock_getcpuclockid(3)


async def _trips(what: str, pid: int, trip: Callable[[], Awaitable[object]]) -> Column:
    took: list[float] = []
    before = _cpu(pid)
    for _ in range(3000):
        await _timed(trip(), took)
    return _trip(what, took, before, _cpu(pid))


def _trip(what: str, took: list[float], before: tuple[float, float], after: tuple[float, float]) -> Column:
    host, worker = (1e6 * (end - start) / len(took) for start, end in zip(before, after, strict=True))
    return {what: _shown(took, 1e6), f"{what}, CPU": f"{host:.1f} + {worker:.1f}"}


def _shown(seconds: Iterable[float], unit: float = 1e3) -> str:
    each = sorted(seconds)
    return f"{unit * statistics.median(each):,.1f} [{unit * each[0]:,.1f}]"


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


_Measure = Callable[[str], Column | Coroutine[Any, Any, Column]]
_LIMITS: list[_Measure] = [bare_processes, bare_sockets]
_MEASURES: list[_Measure] = [first_repls, lives, forks, hundreds, round_trips, orphans, hostile]


def main() -> None:
    """Measure all."""
    if sys.argv[1:]:
        what, kind = sys.argv[1:]
        return asyncio.run({"first": _first, "busy": _busy}[what](kind))
    compileall.compile_dir(Path(harlm.__file__).parent, quiet=1)  # starts are those of an installed wheel
    tiers = [tier for tier in ("s3", "s2", "s0") if asyncio.run(find(tier)).is_built]
    columns: dict[str, Column] = {each: {} for each in (*tiers, _PLAIN, _LIMIT)}
    for measure in (*_LIMITS, *_MEASURES):
        for kind in [_LIMIT] if measure in _LIMITS else [*tiers, _PLAIN]:
            row = measure(kind)
            columns[kind] |= asyncio.run(row) if isinstance(row, Coroutine) else row
    rows = [[name, *(each.get(key, "-") for each in columns.values())] for key, name in _ROWS.items()]
    return report(
        "sandbox",
        "The sandbox",
        "What each tier costs and keeps, beside a plain subprocess for each REPL, which protects from nothing, and the limit: a "
        "bare interpreter, bare forks, bare sockets (asyncio for cells, blocking for calls).",
        [Table("Medians, with the best in brackets", ["", *columns], rows)],
    )


if __name__ == "__main__":
    main()
