"""Cells that do unusual things to their interpreter."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.types import Context
from tests.support.sandboxes import TIERS, Host, repl_on, skip_unless_built

ROOT = Path(__file__).parents[4]
pytestmark = pytest.mark.timeout(60)


class LongReplies(Host):
    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        await super().call(function, arguments)
        return "r" * 2_000


@pytest.fixture(params=TIERS)
async def repl(request: pytest.FixtureRequest) -> AsyncIterator[ProcessRepl]:
    async with repl_on(request.param, host=LongReplies(5), cell_seconds=5) as repl:
        yield repl


@pytest.fixture
async def open_repl() -> AsyncIterator[ProcessRepl]:
    """A REPL whose cells may start processes."""
    async with repl_on("s0", host=LongReplies(5), cell_seconds=5) as repl:
        yield repl


async def test_a_batch_of_any_size_is_answered(repl: ProcessRepl) -> None:
    seen = await repl.run("print(len(llm_query_batched([str(n) for n in range(7000)])))")
    assert (seen.error, seen.output) == (None, "7000\n")


async def test_many_concurrent_calls_of_threads_are_answered(repl: ProcessRepl) -> None:
    seen = await repl.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    done = list(threads.map(lambda n: len(llm_query_batched([str(n)] * 700)), range(8)))\n"
        "print(sum(done))"
    )
    assert (seen.error, seen.output) == (None, "5600\n")


async def test_a_child_that_keeps_the_socket_open_does_not_block_the_run(open_repl: ProcessRepl) -> None:
    seen = await open_repl.run(
        "import os, signal, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    time.sleep(20)\n    os._exit(0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert seen.lost
    assert seen.error is not None
    assert "SIGKILL" in seen.error


async def test_a_cell_may_fork(open_repl: ProcessRepl) -> None:
    assert (await open_repl.run("import os\npid = os.fork()")).error is None
    assert (await open_repl.run("print(pid > 0)")).output == "True\n"


async def test_calls_from_a_forked_process_fail_there(open_repl: ProcessRepl) -> None:
    seen = await open_repl.run(
        "import multiprocessing\n"
        "def ask(n):\n"
        "    try:\n        return llm_query('x')\n"
        "    except RuntimeError as error:\n        return str(error)\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(ask, [1, 2])[0])"
    )
    assert seen.output.startswith("llm_query works in the cell's own process only"), seen.error
    assert (await open_repl.run("print(len(llm_query('x')))")).output == "2000\n"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import os; os._exit(3)", "ended the interpreter"),
        ("FINAL('x' * 17_000_000)", "cannot be sent: 17,0"),
        ("llm_query('x' * 17_000_000)", "17,0"),
        ("class A:\n    def __str__(self): raise KeyError('no')\nFINAL(A())", "cannot be sent"),
        ("class A:\n    def __bool__(self): raise KeyError('no')\nanswer['ready'] = A()", "cannot be sent"),
    ],
)
async def test_an_error_is_reported_and_the_repl_continues(repl: ProcessRepl, cell: str, says: str) -> None:
    seen = await repl.run(cell)
    assert seen.final is None
    assert seen.error is not None
    assert says in seen.error
    assert (await repl.run("print(1 + 1)")).output == "2\n"


@pytest.mark.parametrize(
    "cell", ["x = 10 ** 5000", "import os; os.close(1); os.close(2)", "x = float('nan')"]
)
async def test_odd_values_and_closed_files_harm_nothing(repl: ProcessRepl, cell: str) -> None:
    seen = await repl.run(cell)
    assert (seen.error, seen.lost) == (None, False)
    assert (await repl.run("print(1 + 1)")).output == "2\n"


async def test_a_huge_number_can_be_the_final_value(repl: ProcessRepl) -> None:
    seen = await repl.run("FINAL(10 ** 5000)")
    assert seen.final is not None
    assert str(seen.final.value).startswith("0x")


async def test_a_call_that_a_cell_left_open_is_refused_when_it_ends(repl: ProcessRepl) -> None:
    await repl.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "threads = ThreadPoolExecutor(1)\nasked = threads.submit(llm_query, 'slow')\nimport time; time.sleep(0.2)"
    )
    seen = await repl.run("asked.result()")
    assert seen.error is not None
    assert "the cell that made this call has ended" in seen.error


@pytest.mark.parametrize(
    "frame",
    [
        "b'\\x83\\xa2op\\xa4call\\xa2id\\x01\\xa8function\\xa2\\xff\\xfe'",
        "b'\\x82\\xa2op\\xa4done\\xa5final\\x81\\xa5value\\xd4\\x05\\x00'",
    ],
)
async def test_text_that_is_not_utf_8_is_a_violation(repl: ProcessRepl, frame: str) -> None:
    with pytest.raises(SandboxFailure, match="breaks the protocol"):
        await repl.run(f"import os; data = {frame}; os.write(3, len(data).to_bytes(4, 'little') + data)")


@pytest.mark.parametrize("tier", TIERS)
def test_no_process_outlives_a_host_that_is_killed(tier: str) -> None:
    asyncio.run(skip_unless_built(tier))
    host = (
        "import asyncio\nfrom tests.support.sandboxes import Host, repl_on\n"
        f"async def main():\n    async with repl_on({tier!r}, cell_seconds=60) as repl:\n"
        "        branch = await repl.fork(Host())\n"
        "        print(repl.pid, branch.pid, repl._workers._zygote._talk.sender, flush=True)\n"
        "        await asyncio.gather(repl.run('while True: pass'), branch.run('while True: pass'))\nasyncio.run(main())"
    )
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    workers = [Path(f"/proc/{pid}") for pid in process.stdout.readline().split()]
    assert len(workers) == 3
    assert all(worker.exists() for worker in workers)
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if not any(map(_lives, workers)):
            return
        time.sleep(0.02)
    raise AssertionError(f"these outlived the host: {[each for each in workers if _lives(each)]}")


def _lives(process: Path) -> bool:
    try:
        return "Z" not in (process / "stat").read_text().split()[2]
    except OSError:
        return False


async def test_cancelling_an_opening_twice_leaves_no_descriptor_and_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with repl_on("s0"):
        pass  # the host zygote of this process stays
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not files
    for wait in (0.0, 0.002, 0.005, 0.01, 0.02, 0.04):
        sandbox = ProcessSandbox("s0", SandboxSettings())
        opening = asyncio.create_task(sandbox.open(ReplSetup(context=Context.of_text("x")), Host()))
        await asyncio.sleep(wait)
        opening.cancel()
        await asyncio.sleep(0.002)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await sandbox.close()
    for _ in range(200):
        if not os.listdir(tmp_path):  # noqa: PTH208 - as above
            break
        await asyncio.sleep(0.02)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - as above
    assert len(os.listdir("/proc/self/fd")) <= before + 2  # noqa: PTH208 - as above


_ASK = """
import sys
outcomes = set()
def ask(*_):
    try:
        outcomes.add(llm_query("from inside"))
    except RuntimeError as error:
        outcomes.add("refused" if "while another call is being made" in str(error) else str(error))
"""
_FROM_INSIDE = {
    "signal handler": """
import signal, time
def handler(*_):
    ask()
    print("x" * 3)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
ends = time.monotonic() + 0.5
while time.monotonic() < ends:
    llm_query("from the cell" * 50_000)
signal.setitimer(signal.ITIMER_REAL, 0)
""",
    "signal handler that prints": """
import signal, time
output = sys.stdout
signal.signal(signal.SIGALRM, lambda *_: (setattr(output, "_signed", 0), print("."), ask()))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
ends = time.monotonic() + 0.5
while time.monotonic() < ends:
    output._signed = 0
    print("a line")
    llm_query("from the cell")
signal.setitimer(signal.ITIMER_REAL, 0)
""",
    "finalizer": """
import gc
class Asking:
    def __init__(self):
        self.me = self
    __del__ = ask
gc.set_threshold(3, 1, 1)
for _ in range(60):
    Asking()
    llm_query_batched(["a", "b"])
gc.set_threshold(700, 10, 10)
""",
    "weak reference": """
import weakref
class Thing: pass
kept = []
for _ in range(40):
    thing = Thing()
    kept.append(weakref.ref(thing, ask))
    del thing
    llm_query("a")
""",
    "trace function": """
def trace(*_):
    ask()
    return trace
sys.settrace(trace)
llm_query("a")
sys.settrace(None)
""",
    "profile function": """
sys.setprofile(ask)
llm_query("a")
sys.setprofile(None)
""",
    "generator": """
def generator():
    try:
        yield 1
    finally:
        ask()
for _ in range(5):
    next(generator())
    llm_query("a")
""",
    "printing": """
class Shown:
    def __repr__(self):
        ask()
        return "shown"
print([Shown()], f"{Shown()!r}")
""",
    "event loop": """
import asyncio
async def main():
    await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(5)))
    ask()
asyncio.run(main())
""",
    "alarm": """
import random, signal
def late(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, late)
for _ in range(60):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.random() * 0.004 + 1e-6)
        llm_query("x" * 200_000)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except TimeoutError:
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
ask()
""",
    "threads": """
import threading
threads = [threading.Thread(target=ask) for _ in range(20)]
for each in threads: each.start()
ask()
for each in threads: each.join()
""",
    "exception hook": """
import threading
threading.excepthook = ask
thread = threading.Thread(target=lambda: 1 / 0)
thread.start(); thread.join()
""",
    "deep recursion": """
def deep(n):
    return ask() if not n else deep(n - 1)
deep(800)
""",
}


@pytest.mark.parametrize("kind", _FROM_INSIDE)
async def test_a_call_from_anywhere_in_a_cell_is_made_or_refused(kind: str) -> None:
    async with repl_on("s0", cell_seconds=20, cpu_seconds=20, silence_seconds=20) as repl:
        seen = await repl.run(f"{_ASK}{_FROM_INSIDE[kind]}\nprint('outcomes', sorted(outcomes))")
        assert seen.error is None
        said = seen.output.rpartition("outcomes ")[2].strip()
        assert said in ("['reply']", "['refused']", "['refused', 'reply']")
        assert (await repl.run("print(llm_query('a'))")).output == "reply\n"


async def test_a_value_that_calls_while_it_is_shown_or_finished_with_is_no_deadlock(
    repl: ProcessRepl,
) -> None:
    asking = "class Asking:\n    def __repr__(self): return llm_query('a')[:3]\n    __str__ = __repr__\n"
    assert (await repl.run(f"{asking}Asking()")).output == "rrr\n"
    seen = await repl.run("FINAL(Asking())")
    assert seen.final is not None
    assert seen.final.value == "rrr"


@pytest.mark.parametrize(
    "value", ["[{}] * 100_001", "{str(n): n for n in range(50_001)}", "[[0] * 1_000] * 101"]
)
async def test_a_value_of_too_many_parts_is_an_error_in_the_cell(repl: ProcessRepl, value: str) -> None:
    seen = await repl.run(f"FINAL({value})")
    assert seen.final is None
    assert seen.error is not None
    assert "more than 100,000 numbers, texts and containers are too many" in seen.error
    assert (await repl.run("FINAL([[0] * 1_000] * 99)")).final is not None
