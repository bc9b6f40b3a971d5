"""How the host stops a cell: one signal for each reason, and the exception that it raises in the cell. Guest
and host read this.
"""

from __future__ import annotations

import signal


class CellInterrupted(KeyboardInterrupt):
    """The host stopped a cell. Not an ``Exception``, so that a loop around ``except Exception`` ends too; and a
    ``KeyboardInterrupt``, so that it ends an event loop from whatever task it is raised in.
    """


class CellTimeout(CellInterrupted):
    """The cell used up its wall time."""

    def __init__(self) -> None:
        super().__init__("the cell used up its time (waiting for calls is not counted)")


class CpuTimeout(CellInterrupted):
    """The cell used up its processor time."""

    def __init__(self) -> None:
        super().__init__("the cell used up its processor time")


class SilenceTimeout(CellInterrupted):
    """The cell did nothing for too long."""

    def __init__(self) -> None:
        super().__init__(
            "the cell computed, printed and called nothing for too long; what it waits for may never arrive"
        )


class CellCancelled(CellInterrupted):
    """The result of the cell is no longer needed."""

    def __init__(self) -> None:
        super().__init__("the cell was cancelled")


INTERRUPTS: dict[int, type[CellInterrupted]] = {
    signal.SIGUSR1: CellTimeout,
    signal.SIGUSR2: CpuTimeout,
    signal.SIGVTALRM: SilenceTimeout,
    signal.SIGPROF: CellCancelled,
}
"""The exception that each signal raises in a cell."""


def signal_for(kind: type[CellInterrupted]) -> int:
    """The signal that raises ``kind``."""
    return next(number for number, raised in INTERRUPTS.items() if raised is kind)
