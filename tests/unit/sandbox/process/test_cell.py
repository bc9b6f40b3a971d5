"""What is reported of a cell that has ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import msgspec
import pytest

from harlm.config import SandboxSettings
from harlm.guest.worker.interrupts import CellInterrupted, CellTimeout, CpuTimeout, SilenceTimeout
from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Clock, OpenCalls
from harlm.sandbox.process.cell import DescriptorFlood, RunningCell, observation, reason
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.replay import Recording
from harlm.types import Final, Observation
from tests.support.worker_processes import sleeping_worker

LIMITS = SandboxSettings(cell_seconds=1.5, cpu_seconds=2, silence_seconds=3)
DONE = frames.Done(
    cell="c", head="head\n", tail="", chars=5, error=None, final=None, names=[("x", "int 1")], wall_s=0.0
)


@pytest.fixture
async def worker() -> AsyncIterator[tuple[Link, int]]:
    """A link to a worker, and the writing end of the worker's raw output."""
    with sleeping_worker() as process:
        link = Link(process, lambda *_: None)
        ends = Ends()
        output = os.dup(ends.output)
        await link.connect(ends, largest=1000)
        yield link, output
        os.close(output)
        await link.close()


def running(link: Link) -> RunningCell:
    clock = Clock()
    calls = OpenCalls(
        lambda _: asyncio.sleep(0), link.to_worker, clock, on_answer=lambda *_: None, on_fault=lambda _: None
    )
    return RunningCell(clock, calls, Recording())


def observed(link: Link, limit: type[CellInterrupted] | None = None, **changes: object) -> Observation:
    cell = running(link)
    cell.limit = limit
    return observation(msgspec.structs.replace(DONE, **changes), cell, link, LIMITS)


async def test_raw_output_follows_printed_output_and_counts(worker: tuple[Link, int]) -> None:
    link, output = worker
    os.write(output, b"raw\n")
    seen = observed(link)
    assert (seen.output, seen.output_chars) == ("head\nraw\n", 9)
    assert seen.names == (("x", "int 1"),)


async def test_the_number_of_characters_that_were_left_out_is_shown(worker: tuple[Link, int]) -> None:
    seen = observed(worker[0], tail="tail\n", chars=5010)
    assert seen.output == "head\n\n… [5,000 characters left out] …\ntail\n"
    assert seen.output_chars == 5010


async def test_a_final_none_is_a_final_value(worker: tuple[Link, int]) -> None:
    assert observed(worker[0]).final is None
    assert observed(worker[0], final=frames.Value(value=None)).final == Final(value=None)


async def test_a_limit_is_the_error_of_a_cell_that_reports_none(worker: tuple[Link, int]) -> None:
    assert observed(worker[0], CellTimeout).error == "CellTimeout: the cell ran longer than 1.5 s"
    assert observed(worker[0], CellTimeout, error="its own").error == "its own"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (CpuTimeout, "CpuTimeout: the cell used more than 2 s of processor time"),
        (SilenceTimeout, "SilenceTimeout: the cell did nothing for 3 s"),
        (DescriptorFlood, "OutputFlood: the cell wrote more than 64 MB to its output"),
    ],
)
def test_a_limit_is_named_with_its_value(limit: type[CellInterrupted], said: str) -> None:
    assert reason(limit, LIMITS) == said


async def test_each_cell_has_a_name_of_its_own(worker: tuple[Link, int]) -> None:
    assert running(worker[0]).name != running(worker[0]).name
