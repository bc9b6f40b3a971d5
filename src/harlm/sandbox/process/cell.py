"""The running cell of a REPL, and the observation that is made of it when it has ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from harlm.config import SandboxSettings
from harlm.guest.worker.interrupts import CellInterrupted, CellTimeout, CpuTimeout, SilenceTimeout
from harlm.protocols import Foresight
from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Clock, OpenCalls
from harlm.sandbox.process.connection import Link
from harlm.sandbox.process.raw_output import FLOOD
from harlm.sandbox.process.replay import Recording
from harlm.sandbox.process.scout import CellScout
from harlm.types import Final, Observation


class DescriptorFlood(CellInterrupted):
    """The cell wrote to its descriptors without end. Only names the limit: such a cell is killed, not
    interrupted.
    """


@dataclass(slots=True)
class RunningCell:
    """The running cell of a REPL.

    Attributes:
        clock: its time.
        calls: its open calls.
        recording: the answers that it has got.
        name: a fresh random name. A ``Done`` with another name was forged before the cell began.
        ahead: takes the calls that a scout makes early; ``None`` for no scout.
        scout: the process that runs ahead of the cell; ``None`` for no scout.
        limit: the limit that it hit; ``None`` if it hit none.
        fault: an error of the host in answering a call, which ends the run; ``None`` if there was none.
    """

    clock: Clock
    calls: OpenCalls
    recording: Recording
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    ahead: Foresight | None = None
    scout: CellScout | None = None
    limit: type[CellInterrupted] | None = None
    fault: Exception | None = None


def reason(limit: type[CellInterrupted], limits: SandboxSettings) -> str:
    """Why a cell was stopped, in words for the model."""
    return {
        CellTimeout: f"CellTimeout: the cell ran longer than {limits.cell_seconds:g} s",
        CpuTimeout: f"CpuTimeout: the cell used more than {limits.cpu_seconds:g} s of processor time",
        SilenceTimeout: f"SilenceTimeout: the cell did nothing for {limits.silence_seconds:g} s",
        DescriptorFlood: f"OutputFlood: the cell wrote more than {FLOOD >> 20} MB to its output",
    }[limit]


def observation(done: frames.Done, running: RunningCell, link: Link, limits: SandboxSettings) -> Observation:
    """The observation of a cell that its worker reports as done."""
    raw, raw_size = link.raw.take()
    error = done.error
    if error is None and running.limit is not None:  # it was interrupted, and did not report that
        error = reason(running.limit, limits)
    return Observation(
        output=_joined(done, raw),
        output_chars=done.chars + raw_size,
        error=error,
        final=None if done.final is None else Final(value=done.final.value),
        names=tuple((each, shown) for each, shown in done.names),
        wall_s=running.clock.total(),
        waiting_s=running.clock.waited(),
    )


def _joined(done: frames.Done, raw: str) -> str:
    if not done.tail:
        return done.head + raw
    left_out = max(done.chars - len(done.head) - len(done.tail), 0)
    return f"{done.head}\n… [{left_out:,} characters left out] …\n{done.tail}{raw}"
