"""How the host asks a cell to stop: one signal for each reason, and what is raised in the cell then. Read by both sides."""

from __future__ import annotations

import signal


class CellInterrupted(BaseException):
    """The host stopped a cell. Not an ``Exception``, so that a loop that catches those still ends."""


class CellTimeout(CellInterrupted):
    """It used up its wall time."""

    def __init__(self) -> None:
        super().__init__("the cell used up its time (waiting for calls is not counted)")


class CpuTimeout(CellInterrupted):
    """It used up its processor time."""

    def __init__(self) -> None:
        super().__init__("the cell used up its processor time")


class SilenceTimeout(CellInterrupted):
    """It did nothing at all."""

    def __init__(self) -> None:
        super().__init__(
            "the cell neither computed, printed nor called for too long; what it waits for never comes"
        )


class CellCancelled(CellInterrupted):
    """Nobody wants its result any more."""

    def __init__(self) -> None:
        super().__init__("the cell was cancelled")


INTERRUPTS: dict[int, type[CellInterrupted]] = {
    signal.SIGUSR1: CellTimeout,
    signal.SIGUSR2: CpuTimeout,
    signal.SIGVTALRM: SilenceTimeout,
    signal.SIGPROF: CellCancelled,
}
"""What is raised in a cell for each signal."""


def signal_for(kind: type[CellInterrupted]) -> int:
    """The signal that raises ``kind``."""
    return next(number for number, each in INTERRUPTS.items() if each is kind)
