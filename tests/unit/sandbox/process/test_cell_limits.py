"""The limits of a cell: time, processor time, silence, memory, threads and output."""

from __future__ import annotations

from typing import cast

import pytest

from harlm.config import SandboxSettings
from harlm.guest.worker.interrupts import CellInterrupted, CellTimeout
from harlm.sandbox.process.calls import Clock
from harlm.sandbox.process.cell_limits import Watch
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.worker_process import WorkerProcess
from tests.support.sandboxes import repl_on


async def test_an_endless_cell_is_stopped_and_keeps_its_variables(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    seen = await repl.run("while True:\n    try:\n        pass\n    except Exception:\n        pass")
    assert seen.error is not None
    assert "CellTimeout: the cell used up its time" in seen.error
    assert not seen.lost
    assert (await repl.run("print(x)")).output == "1\n"


async def test_processor_time_is_limited_across_threads(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30, cpu_seconds=0.3) as repl:
        seen = await repl.run("while True: pass")
        assert seen.error is not None
        assert "CpuTimeout" in seen.error
        assert not seen.lost
        assert seen.wall_s < 5


async def test_a_silent_cell_is_stopped(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30, silence_seconds=0.3) as repl:
        seen = await repl.run("import threading; threading.Lock().acquire(); import time; time.sleep(100)")
        assert seen.error is not None
        assert "SilenceTimeout" in seen.error
        assert (await repl.run("print(llm_query('slow'))")).output == "reply\n", (
            "waiting for a call is no silence"
        )


async def test_time_between_calls_is_charged(repl: ProcessRepl) -> None:
    seen = await repl.run("llm_query('slow')\nwhile True: pass")
    assert seen.error is not None
    assert "CellTimeout" in seen.error


async def test_memory_is_limited(repl: ProcessRepl) -> None:
    seen = await repl.run("x = bytearray(1 << 40)")
    assert seen.error is not None
    assert "MemoryError" in seen.error
    assert not seen.lost


async def test_a_flood_of_output_ends_the_cell_and_its_length_is_true(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30) as repl:
        seen = await repl.run("while True: print('x' * 1_000_000)")
        assert seen.error is not None
        assert "OutputFlood" in seen.error
        assert seen.output_chars > 64 << 20
        assert len(seen.output) < 200_000
        assert "characters left out" in seen.output


async def test_a_cell_that_prints_now_and_then_is_not_silent(tier: str) -> None:
    async with repl_on(tier, silence_seconds=1.5, cell_seconds=20) as repl:
        seen = await repl.run("import time\nfor number in range(3):\n    time.sleep(1.05)\n    print(number)")
        assert (seen.error, seen.output) == (None, "0\n1\n2\n")


async def test_threads_are_limited(tier: str) -> None:
    if tier == "s0":
        pytest.skip("s0 limits accidents only")
    async with repl_on(tier, cell_seconds=30, cpu_seconds=30) as repl:
        seen = await repl.run(
            "import threading, time\nthreading.stack_size(32768)\nthreads = []\n"
            "try:\n    for _ in range(5000):\n        thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
            "        thread.start(); threads.append(thread)\n"
            "except RuntimeError as error:\n    print(error, len(threads) < 3000)"
        )
        assert seen.output == "can't start new thread True\n", seen


class Cell(Clock):
    """A cell that has taken ``seconds`` without waiting for calls, ``queued`` of them without a processor."""

    def __init__(self, seconds: float, queued: float) -> None:
        super().__init__()
        self.seconds, self.queued, self.reads = seconds, queued, 0

    def own(self) -> float:
        return self.seconds

    def cpu_seconds(self) -> float:
        return 0.0

    def queued_seconds(self) -> float:
        """2 s when the cell begins."""
        self.reads += 1
        return 2.0 + (self.queued if self.reads > 1 else 0.0)


@pytest.mark.parametrize(
    ("seconds", "queued", "own"),
    [(5.0, 0.0, 5.0), (5.0, 3.0, 2.0), (5.0, 7.0, 0.0), (5.0, -2.0, 5.0)],
    ids=["it never waited", "it waited", "clocks that differ", "the process has ended"],
)
async def test_a_cell_is_not_charged_for_waiting_for_a_processor(
    seconds: float, queued: float, own: float
) -> None:
    """Neither for a scout that works on the same processor, nor for anything else that does."""
    cell, hit = Cell(seconds, queued), list[type[CellInterrupted]]()
    limits = SandboxSettings(cell_seconds=4.0)
    watch = Watch(limits, cast("WorkerProcess", cell), cell, lambda: 0, hit.append)
    assert watch.own() == own
    watch._check()
    watch.stop()
    assert hit == ([CellTimeout] if own >= 4.0 else [])
